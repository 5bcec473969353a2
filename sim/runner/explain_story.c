#include "sim/runner/explain_story.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/explain_ways.h"
#include "sim/runner/explain_words.h"
#include "sim/world/fault_verbs.h"

#include <inttypes.h>
#include <stdlib.h>

/* How far a consumer is with it. */
enum hold { HOLD_NONE, HOLD_RECEIVED, HOLD_HANDLING, HOLD_HANDLED, HOLD__COUNT };

/* What a death means then. */
static const char *const deaths[HOLD__COUNT] = {
    [HOLD_NONE] = NULL,
    [HOLD_RECEIVED] = "dies; it had received it, and no handler had it yet",
    [HOLD_HANDLING] = "dies while its handler is at work on it",
    [HOLD_HANDLED] = "dies; it had handled it and not acknowledged it yet",
};

struct teller {
  struct story *story;
  const struct explain_record *record;
  struct ways ways;
  uint32_t last_fault;      /* whose window began or ended last, or NO_FAULT */
  enum hold *holds;         /* [nodes] */
  bool expired;             /* since it was handed out last */
  bool copied;              /* a fault has left a copy of it, since it was handed out last */
  bool broken;              /* a connection, with something of it on it, since it was published last */
};

/* --- Texts --- */

struct subject {
  const struct happening *happening;
  uint32_t nth;
  const char *noun;
};

static const char *fault_name(const struct teller *teller, const struct happening *happening) {
  if (happening->fault == NO_FAULT) return NULL;
  return teller->record->plan->faults[happening->fault].name;
}

/* The operation, unless it is an increment, and its keys. */
static void put_wanted(uint64_t intended, FILE *out) {
  const uint32_t operation = fact_intended_operation(intended), other = fact_intended_other(intended);
  if (operation != OPERATION_INCREMENT) fprintf(out, "%s, ", operation_rows[operation].word);
  fprintf(out, "key %" PRIu32, fact_intended_key(intended));
  if (other != 0) fprintf(out, " to key %" PRIu32, other);
}

static void put_field(const struct teller *teller, const struct subject *subject, char field, FILE *out) {
  const struct happening *happening = subject->happening;
  const struct explain_record *record = teller->record;
  const char *fault = fault_name(teller, happening);
  if (field == 'p') fputs(record->nodes[happening->peer].name, out);
  if (field == 'm') fputs(record->transmissions[happening->transmission].name, out);
  if (field == 's') fputs(happening->call, out);
  if (field == 'w') fputs(subject->noun ? subject->noun : "a message", out);
  if (field == 'v') fprintf(out, "%" PRIu64, happening->value);
  if (field == 'k') put_wanted(happening->value, out);
  if (field == 'd') fprintf(out, "%" PRIu32, happening->detail);
  if (field == 'n') fprintf(out, "%" PRIu32, subject->nth);
  if (field == 'i') fprintf(out, "%" PRIu64, record->intent);
  if (field == 'f' && fault) fprintf(out, "fault %s", fault);
  if (field == 'f' && !fault) fputs("no declared fault", out);
  if (field == 't') fputs(happening->cause.name ? happening->cause.name : "a message", out);
  if (field == 'c') fputs(record->nodes[happening->cause.peer].name, out);
}

static void expand(const struct teller *teller, const char *text, const struct subject *subject,
                   char *out, size_t size) {
  FILE *file = fmemopen(out, size, "w");
  ASSERT(file);
  for (; text && *text; text++) {
    if (text[0] == '%' && text[1])
      put_field(teller, subject, *++text, file);
    else
      fputc(*text, file);
  }
  fclose(file);
  out[size - 1] = '\0';
}

static struct step *add(struct teller *teller, size_t index, const char *what,
                        const struct subject *subject) {
  struct story *story = teller->story;
  GROW(story->steps, story->capacity, story->count + 1);
  struct step *step = &story->steps[story->count++];
  ASSERT(story->count == 1 || step[-1].happening < index); /* [I1] */
  const struct happening *happening = subject->happening;
  *step = (struct step){.happening = index, .at = happening->at, .node = happening->node};
  expand(teller, what, subject, step->what, sizeof step->what);
  return step;
}

static void say_why(struct teller *teller, struct step *step, const char *why,
                    const struct subject *subject) {
  expand(teller, why, subject, step->why, sizeof step->why);
}

static void say_brief(const struct teller *teller, struct step *step, const char *brief,
                      const struct subject *subject) {
  expand(teller, brief, subject, step->brief, sizeof step->brief);
}

static void say_cause(struct teller *teller, struct step *step, const struct subject *subject) {
  say_why(teller, step, words_cause[subject->happening->cause.kind], subject);
}

static struct step *add_words(struct teller *teller, size_t index, const struct words *words,
                              const struct subject *subject) {
  if (!words->first) return NULL;
  const bool again = subject->nth > 1;
  struct step *step = add(teller, index, again && words->again ? words->again : words->first, subject);
  if (again && words->why_again) say_why(teller, step, words->why_again, subject);
  say_brief(teller, step, again && words->brief_again ? words->brief_again : words->brief, subject);
  return step;
}

/* --- Happenings --- */

static const struct transmission *transmission_of(const struct teller *teller,
                                                  const struct happening *happening) {
  return &teller->record->transmissions[happening->transmission];
}

/* The group that a happening is about: that of one of its ends. */
static uint32_t group_of(const struct teller *teller, const struct happening *happening) {
  const struct explain_record *record = teller->record;
  if (happening->transmission != NO_TRANSMISSION) {
    const struct transmission *transmission = &record->transmissions[happening->transmission];
    const uint32_t from = record->nodes[transmission->from].group;
    return from ? from : record->nodes[transmission->to].group;
  }
  const uint32_t own = record->nodes[happening->node].group;
  if (own || happening->cause.kind != CAUSE_MESSAGE) return own;
  return record->nodes[happening->cause.peer].group;
}

static struct tally *tally_of(struct teller *teller, const struct happening *happening) {
  return &teller->story->tallies[group_of(teller, happening)];
}

/* What comes before the groups. */
static void count_published(struct teller *teller) {
  for (uint32_t i = 0; i < plan_group_count(teller->record->plan); i++)
    teller->story->tallies[i].publishes++;
}
static uint32_t count_copy(struct teller *teller) {
  for (uint32_t i = 0; i < plan_group_count(teller->record->plan); i++)
    teller->story->tallies[i].copies++;
  return teller->story->tallies[0].copies;
}

/* Why it is handed out once more: the first that fits. */
static const char *why_handed_out_again(const struct teller *teller, const struct tally *tally) {
  if (teller->expired) return "it is visible again";
  if (teller->copied) return "the server is there again, and has a copy of it";
  if (tally->copies >= tally->handed_out) return "it is stored once more, and nothing says that it is the same";
  return tally->acks_noted == 0 ? "no acknowledgement of it has been noted" : NULL;
}

/* What a handler asks for when it gets there: nobody waited for an answer before it. */
static bool of_handler(uint32_t point) {
  return point == POINT_STATEMENT_SENT || point == POINT_REQUEST_SENT;
}

static void tell_sent(struct teller *teller, size_t index, const struct happening *happening) {
  const struct transmission *transmission = transmission_of(teller, happening);
  const uint32_t point = transmission->sent_point;
  struct tally *tally = tally_of(teller, happening);
  struct subject subject = {happening, transmission->nth, NULL};
  if (point == POINT_PUBLISH_SENT) count_published(teller);
  tally->handed_out += point == POINT_DELIVERY_SENT;
  tally->acks += point == POINT_ACK_SENT;
  if (point == POINT_ACK_SENT) subject.nth = tally->acks > tally->deliveries ? tally->acks : 1;
  if (point >= POINT_GENERIC__COUNT && transmission->is_reply) return;
  const struct words *words = point < POINT_GENERIC__COUNT ? &words_sent[point] : &words_sent_own;
  struct step *step = add_words(teller, index, words, &subject);
  if (!step) return;
  if (point == POINT_DELIVERY_SENT) {
    if (transmission->nth > 1) say_why(teller, step, why_handed_out_again(teller, tally), &subject);
    teller->expired = false;
    if (transmission->nth > 1) teller->copied = false;
  } else if (subject.nth > 1 && happening->cause.kind == CAUSE_TIMER && !of_handler(point)) {
    say_why(teller, step,
            teller->broken ? "the connection broke before an answer came: timer '%t' is over"
                           : "no answer has come: timer '%t' is over",
            &subject);
    teller->broken = false;
  } else if (happening->cause.kind != CAUSE_MESSAGE && (subject.nth > 1 || point == POINT_ACK_SENT)) {
    if (!of_handler(point)) say_cause(teller, step, &subject);
  }
}

static void tell_arrived(struct teller *teller, size_t index, const struct happening *happening) {
  const struct transmission *transmission = transmission_of(teller, happening);
  const uint32_t point = transmission->sent_point;
  struct tally *tally = tally_of(teller, happening);
  struct subject subject = {happening, 0, NULL};
  struct step *step = NULL;
  if (point == POINT_DELIVERY_SENT) {
    teller->holds[happening->node] = HOLD_RECEIVED;
    subject.nth = ++tally->received;
  }
  if (point < POINT_GENERIC__COUNT)
    step = add_words(teller, index, &words_received[point], &subject);
  if (transmission->end_at - transmission->sent_at < RETRANSMISSION_FIRST_NS) return;
  if (!step) step = add(teller, index, "%m from %p arrives only now", &subject);
  say_why(teller, step, "the way was cut or lossy: the transport had to send it again", &subject);
}

static void tell_lost(struct teller *teller, size_t index, const struct happening *happening) {
  const uint32_t point = transmission_of(teller, happening)->sent_point;
  struct happening told = *happening;
  teller->broken |= happening->value == LOSS_RESET;
  if (happening->value == LOSS_DROPPED && told.fault == NO_FAULT)
    told.fault = teller->last_fault; /* the trigger's window is the last that began */
  const struct subject subject = {&told, 1, point < POINT_GENERIC__COUNT ? words_noun[point] : NULL};
  struct step *step = add(teller, index, "%w (%m) is lost on its way to %p", &subject);
  say_why(teller, step, words_loss[happening->value].first, &subject);
  say_brief(teller, step, words_loss[happening->value].brief, &subject);
}

static void tell_point(struct teller *teller, size_t index, const struct happening *happening) {
  struct tally *tally = tally_of(teller, happening);
  struct subject subject = {happening, 1, NULL};
  if (happening->what == POINT_ACK_APPLIED) {
    subject.nth = ++tally->acks_noted;
    for (size_t i = 0; i < teller->record->node_count; i++)
      if (teller->record->nodes[i].group == group_of(teller, happening) && teller->holds[i] == HOLD_HANDLED) teller->holds[i] = HOLD_NONE;
  } else {
    tally->handled++;
    teller->holds[happening->node] = HOLD_HANDLED;
  }
  add_words(teller, index, &words_point[happening->what], &subject);
}

/* Facts that are counted, so that the second is told as such. */
static uint32_t count_fact(struct teller *teller, const struct happening *happening) {
  struct tally *tally = tally_of(teller, happening);
  switch ((enum fact)happening->what) {
  case FACT_APPENDED:
    return count_copy(teller);
  case FACT_DELIVERED:
    teller->holds[happening->node] = HOLD_HANDLING;
    return ++tally->deliveries;
  case FACT_EFFECT:
    return ++tally->effects;
  case FACT_EFFECT_UNDONE:
    return ++tally->undone;
  case FACT_SUPPRESSED:
    return ++tally->suppressed;
  case FACT_COMMITTED:
    return ++teller->story->row.committed;
  case FACT_COMMITTED_UNDONE:
    return ++teller->story->row.undone;
  default:
    return 1;
  }
}

/* Of others' facts those that touch the operation: its own request was refused, its transaction ended. */
static bool touches(const struct teller *teller, const struct happening *happening) {
  const struct cause *cause = &happening->cause;
  const struct explain_record *record = teller->record;
  if (happening->what == FACT_REBALANCED || happening->what == FACT_STUCK)
    return teller->story->tallies[0].copies > 0;
  if (happening->what == FACT_EXPIRED)
    return teller->story->tallies[group_of(teller, happening)].received > 0;
  if (cause->kind == CAUSE_TIMER)
    return happening->what == FACT_TRANSACTION_ABORTED && record->nodes[happening->node].role == ROLE_BROKER;
  const struct transmission *last =
      ways_last(&teller->ways, cause->name, cause->peer, happening->node, happening->at);
  return last && happening->at - last->end_at < NS_PER_S / 10;
}

/* The row of a fact's words. An append may be of the operation's result, by a message of the system's own;
 * a session's end is no operation's. */
static const struct words *words_of(const struct teller *teller, const struct happening *happening) {
  if (happening->what == FACT_EXPIRED && !happening->own) return &words_session;
  if (happening->what == FACT_STUCK && happening->value > 0) return &words_livelock;
  if (happening->what == FACT_APPENDED && ways_is_own(&teller->ways, happening->cause.name)) return &words_result;
  return &words_fact[happening->what - TRACE_FACT];
}

/* Facts whose cause goes without saying. */
static bool cause_is_clear(const struct happening *happening) {
  return happening->what == FACT_INTENDED || happening->what == FACT_APPENDED ||
         happening->what == FACT_EFFECT || happening->what == FACT_DELIVERED ||
         happening->what == FACT_COMMITTED;
}

static void tell_fact(struct teller *teller, size_t index, const struct happening *happening) {
  if (!happening->own && !touches(teller, happening)) return;
  const struct words *words = words_of(teller, happening);
  const bool counted = happening->own && words != &words_result;
  const struct subject subject = {happening, counted ? count_fact(teller, happening) : 1, NULL};
  struct step *step = add_words(teller, index, words, &subject);
  if (happening->own && happening->what == FACT_EXPIRED) {
    teller->expired = true;
    say_why(teller, step, "no acknowledgement came in time: timer '%t' is over", &subject);
  } else if (step && !step->why[0] && !cause_is_clear(happening)) {
    say_cause(teller, step, &subject);
  }
}

static void tell_node(struct teller *teller, size_t index, const struct happening *happening) {
  if (!teller->story->involved[happening->node]) return;
  const struct subject subject = {happening, 1, NULL};
  struct words words = words_node[happening->what];
  enum hold *hold = &teller->holds[happening->node];
  const bool down = happening->what == NODE_CHANGE_DOWN;
  if (down && deaths[*hold]) words.first = deaths[*hold];
  struct step *step = add_words(teller, index, &words, &subject);
  if (down) {
    say_why(teller, step, words_death[happening->value], &subject);
    *hold = HOLD_NONE;
  } else if (happening->what == NODE_CHANGE_PAUSED) {
    say_why(teller, step, "paused by %f", &subject);
  }
}

/* Which node of the story a window of a fault is about; node_count = none. A fault that strikes one message
 * has no targets: it is about the sender, when what it strikes is the operation's. */
static uint16_t struck(const struct teller *teller, size_t index, const struct happening *happening) {
  const struct explain_record *record = teller->record;
  for (uint16_t node = 0; node < record->node_count; node++)
    if (happening->targets[node / 8] >> (node % 8) & 1 && teller->story->involved[node]) return node;
  while (++index < record->end && record->items[index].kind == HAPPENING_FAULT) {}
  const struct happening *next = &record->items[index];
  const enum verb verb = teller->record->plan->faults[happening->fault].verb;
  const bool message = fault_verbs[verb].target == FAULT_TARGET_THIS;
  return message && index < record->end && next->own && next->kind == HAPPENING_SENT ? next->node
                                                                                      : (uint16_t)record->node_count;
}

/* One that strikes what a handler calls, or what a broker has, of the operation at a point. */
static void tell_struck_at_point(struct teller *teller, size_t index, const struct happening *happening,
                                 const struct words *words) {
  const struct subject subject = {happening, 1, NULL};
  if (!happening->what || happening->value != teller->record->intent) return;
  struct step *step = add_words(teller, index, words, &subject);
  if (step) say_why(teller, step, words->why_again, &subject);
}

static void tell_step(struct teller *teller, size_t index, const struct happening *happening) {
  const struct subject subject = {happening, 1, NULL};
  add_words(teller, index, &words_step, &subject);
}

static void tell_fault(struct teller *teller, size_t index, const struct happening *happening) {
  const struct fault_plan *fault = &teller->record->plan->faults[happening->fault];
  const struct words *words = &words_fault[fault->verb];
  if (fault->verb == VERB_FAIL)
    return tell_struck_at_point(teller, index, happening,
                                fault->before ? &words_failed[fault->error] : &words_unanswered);
  if (fault->verb == VERB_REDELIVER) {
    teller->copied |= happening->what && happening->value == teller->record->intent;
    return tell_struck_at_point(teller, index, happening, words);
  }
  const struct subject subject = {happening, 1, NULL};
  const char *what = happening->what ? words->first : words->again;
  if (!what) return;
  const uint16_t node = struck(teller, index, happening);
  if (node == teller->record->node_count) return;
  struct step *step = add(teller, index, what, &subject);
  step->node = node;
  say_why(teller, step, happening->what ? words->why_again : "%f is over", &subject);
  say_brief(teller, step, happening->what ? words->brief : words->brief_again, &subject);
}

typedef void tell_fn(struct teller *teller, size_t index, const struct happening *happening);
static tell_fn *const tells[HAPPENING__COUNT] = {
    [HAPPENING_SENT] = tell_sent,   [HAPPENING_ARRIVED] = tell_arrived,
    [HAPPENING_LOST] = tell_lost,   [HAPPENING_POINT] = tell_point,
    [HAPPENING_FACT] = tell_fact,   [HAPPENING_NODE] = tell_node,
    [HAPPENING_FAULT] = tell_fault, [HAPPENING_STEP] = tell_step,
};

/* --- The whole --- */

static void find_involved(const struct explain_record *record, bool *involved) {
  for (size_t i = record->first; i < record->end; i++) {
    const struct happening *happening = &record->items[i];
    if (!happening->own) continue;
    involved[happening->node] = true;
    if (happening->transmission != NO_TRANSMISSION) involved[happening->peer] = true;
  }
}

/* Nodes that speak in a step without having had the operation: the group's coordinator. */
static void involve_speakers(struct story *story) {
  for (size_t i = 0; i < story->count; i++) story->involved[story->steps[i].node] = true;
}

void story_tell(const struct explain_record *record, const struct fates *fates, struct story *out) {
  *out = (struct story){.record = record};
  struct teller teller = {.story = out, .record = record, .last_fault = NO_FAULT};
  out->involved = calloc(record->node_count, sizeof *out->involved);
  teller.holds = calloc(record->node_count, sizeof *teller.holds);
  ASSERT(out->involved && teller.holds);
  find_involved(record, out->involved);
  ways_init(&teller.ways, record);
  for (size_t i = 0; i < record->end; i++) {
    if (i >= record->first) tells[record->items[i].kind](&teller, i, &record->items[i]);
    if (record->items[i].kind == HAPPENING_FAULT) teller.last_fault = record->items[i].fault;
  }
  involve_speakers(out);
  story_judge(out, fates);
  ways_deinit(&teller.ways);
  free(teller.holds);
}

void story_deinit(struct story *story) {
  free(story->steps);
  free(story->involved);
  *story = (struct story){0};
}

size_t story_step_of(const struct story *story, size_t happening) {
  size_t low = 0, high = story->count; /* [I1]; before low are steps of what came earlier, from high on the others */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (story->steps[middle].happening < happening)
      low = middle + 1;
    else
      high = middle;
  }
  return low < story->count && story->steps[low].happening == happening ? low + 1 : 0;
}
