#include "sim/handler/command_talk.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/printable.h"
#include "sim/handler/dgsim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 10000 /* about one message */
#define BYTES_MAX (16 * 1024 * 1024)
/* Exits of a run: then it is not worth starting it once more. Fewer are enough while no message has been answered, but
 * more than a queue's usual delivery limit (20), behind which others may fare better. */
#define EXITS_MAX 100
#define EXITS_UNANSWERED_MAX 25

struct talk *talk_begin(struct consumer *consumer) {
  struct talk *talk = NULL;
  for (size_t i = 0; i < consumer->talk_count && !talk; i++)
    if (!consumer->talks[i]->used) talk = consumer->talks[i];
  if (!talk) {
    GROW(consumer->talks, consumer->talk_capacity, consumer->talk_count + 1);
    talk = consumer->talks[consumer->talk_count++] = calloc(1, sizeof *talk);
    ASSERT(talk);
  }
  talk->used = true;
  talk->said = false;
  talk->lines = talk->bytes = 0;
  talk->blocked = 0;
  return talk;
}

static void talk_clear(struct talk *talk) {
  protocol_line_release(&talk->now);
  while (talk->first < talk->count) protocol_line_release(&talk->waiting[talk->first++]);
  talk->first = talk->count = 0;
}

int talk_end(struct talk *talk, int status) {
  talk_clear(talk);
  talk->used = false;
  return status;
}

void talks_free(struct consumer *consumer) {
  for (size_t i = 0; i < consumer->talk_count; i++) {
    talk_clear(consumer->talks[i]);
    free(consumer->talks[i]->waiting);
    free(consumer->talks[i]);
  }
  free(consumer->talks);
}

/* The only message under way in the process that runs now, when there is but one; with `number`, that one. */
static struct talk *talk_of(const struct consumer *consumer, int64_t number, size_t *under_way) {
  struct talk *found = NULL;
  *under_way = 0;
  for (size_t i = 0; i < consumer->talk_count; i++) {
    struct talk *talk = consumer->talks[i];
    if (!talk->used || talk->process != consumer->processes) continue;
    ++*under_way;
    if (number == 0 || talk->number == (uint64_t)number) found = talk;
  }
  return number == 0 && *under_way > 1 ? NULL : found;
}

/* --- When something is wrong --- */

static bool fail(struct consumer *consumer, enum program_failure failure, const char *what, const char *note,
                 const char *line) {
  char quoted[125];
  program_fail(&consumer->command->program, failure, "line %llu of the output of consumer %u: %s%s%s%s: %s",
               (unsigned long long)consumer->process.lines, consumer->process.consumer, what, note[0] ? " (" : "",
               note, note[0] ? ")" : "", printable_shortened(quoted, sizeof quoted, line));
  process_end(&consumer->process, PROGRAM_KILLED, NULL, 0);
  consumer->processes++;
  return false;
}

/* Its process has ended by itself. Returns whether it had finished before it had anything to do with `talk`,
 * after others: a program may serve one message, and exit. */
static bool gone(struct consumer *consumer, const struct talk *talk) {
  struct program *program = &consumer->command->program;
  char words[COMMAND_WORDS_ROOM], status_text[80];
  size_t under_way;
  talk_of(consumer, 0, &under_way);
  const int status = process_end(&consumer->process, PROGRAM_EXITED, words, sizeof words);
  consumer->processes++;
  if (consumer->terminated) return false;
  if (status == 0 && under_way == 1 && !talk->said && talk->number > 1) return true;
  command_status_text(status, status_text, sizeof status_text);
  if (program->exits++ == 0)
    snprintf(program->exit_text, sizeof program->exit_text, "consumer %u %s while it had a message%s%s",
             consumer->process.consumer, status_text, words[0] ? "; its last words: " : "", words);
  if (program->exits >= (program->answered ? EXITS_MAX : EXITS_UNANSWERED_MAX))
    program_fail(program, PROGRAM_DIED, "%u processes ended by themselves; the first: %s", program->exits,
                 program->exit_text);
  return false;
}

/* --- Lines --- */

/* Takes a line to the message that it is about. */
static bool route(struct consumer *consumer, const char *text) {
  struct protocol_line line;
  struct err err = {.code = ERR_NONE};
  size_t under_way;
  if (!protocol_read(&consumer->command->values, text, &line, &err))
    return fail(consumer, PROGRAM_MALFORMED, err.message, err.note, text);
  struct talk *talk = talk_of(consumer, line.message, &under_way);
  if (!talk) {
    protocol_line_release(&line);
    if (under_way > 1)
      return fail(consumer, PROGRAM_MALFORMED, "it does not say about which of the messages that are under way",
                  "\"message\": the number that came with it", text);
    return fail(consumer, PROGRAM_MALFORMED, "it is about a message that is not under way", "", text);
  }
  talk->said = true;
  talk->bytes += strlen(text) + 1;
  if (++talk->lines > LINES_MAX || talk->bytes > BYTES_MAX) {
    protocol_line_release(&line);
    return fail(consumer, PROGRAM_CHATTY, "more than 10000 lines or 16 MiB about one message", "", text);
  }
  GROW(talk->waiting, talk->capacity, talk->count + 1);
  talk->waiting[talk->count++] = line;
  return true;
}

/* Whether what it talked to is still there: while it waited in a call others have gone on. */
static bool connected(const struct consumer *consumer, const struct talk *talk) {
  return talk->process == consumer->processes && consumer->command->program.failure == PROGRAM_NONE;
}

static bool at_place(struct consumer *consumer, struct talk *talk, struct dg_context *context) {
  const char *name;
  struct proxy_connection *connection = proxy_hold(consumer->process.proxy, &name);
  consumer->command->program.seen++;
  talk->said = true;
  const int status = dg_step(context, name);
  if (!connected(consumer, talk)) return false;
  if (status == DG_OK)
    proxy_pass(connection);
  else
    proxy_cut(connection);
  return true;
}

/* Its server does not answer, perhaps as another process has a transaction open there, which waits for the
 * simulator to go on; or one that was killed late had. So time passes, more and more of it: 87 s in all. */
#define BLOCKED_MAX 9
static void let_others_go_on(struct consumer *consumer, struct talk *talk, struct dg_context *context) {
  if (proxy_server_settle(consumer->process.server)) return;
  dg_sleep(context, INT64_C(1000000) << 2 * talk->blocked++);
}

/* Waits for the next line about a message, into talk->now. */
static enum news next_line(struct consumer *consumer, struct talk *talk, struct dg_context *context) {
  char *text;
  while (talk->first == talk->count) {
    talk->first = talk->count = 0;
    const enum process_event event = process_wait(&consumer->process, talk->blocked < BLOCKED_MAX, &text);
    if (event != PROCESS_BLOCKED) talk->blocked = 0;
    switch (event) {
    case PROCESS_LINE:
      if (!route(consumer, text)) return NEWS_LOST;
      break;
    case PROCESS_PLACE:
      if (!at_place(consumer, talk, context)) return NEWS_LOST;
      break;
    case PROCESS_BLOCKED:
      let_others_go_on(consumer, talk, context);
      if (!connected(consumer, talk)) return NEWS_LOST;
      break;
    case PROCESS_GONE: return gone(consumer, talk) ? NEWS_FINISHED : NEWS_LOST;
    case PROCESS_FAILED: consumer->processes++; return NEWS_LOST;
    }
  }
  talk->now = talk->waiting[talk->first++];
  return NEWS_LINE;
}

static void say(struct consumer *consumer, char *text) {
  process_write(&consumer->process, text, strlen(text));
  free(text);
}

/* Does what the program wants about a message until it is done with it. */
static enum news converse(struct consumer *consumer, struct talk *talk, struct dg_context *context, int *status) {
  for (;;) {
    const enum news news = next_line(consumer, talk, context);
    if (news != NEWS_LINE) return news;
    if (talk->now.kind != LINE_CALL) break;
    int64_t result = 0;
    if (talk->now.arguments.name) consumer->command->program.marked++;
    const int answer = talk->now.call->make(context, &talk->now.arguments, &result);
    if (!connected(consumer, talk)) return NEWS_LOST;
    say(consumer, protocol_answer(&consumer->command->values, &talk->now, answer, result));
    protocol_line_release(&talk->now);
  }
  consumer->command->program.answered++;
  *status = talk->now.kind == LINE_DONE ? DG_OK : DG_FAILED;
  return NEWS_LINE;
}

enum news talk_about(struct consumer *consumer, struct talk *talk, struct dg_context *context,
                     const struct dg_message *message, int *status) {
  talk->process = consumer->processes;
  talk->number = ++consumer->numbers;
  say(consumer, protocol_message(message, talk->number));
  return converse(consumer, talk, context, status);
}
