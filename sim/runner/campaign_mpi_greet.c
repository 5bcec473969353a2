/* Whether all ranks have the same before them. */
#include "sim/runner/campaign_mpi.h"
#include "sim/runner/campaign_mpi_messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines: of the program first, then of each file "+HASH" or "-why not". */
static char *describe(const struct campaign_mpi_greeting *greeting) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  ASSERT(out != NULL);
  fprintf(out, "%s%s\n", greeting->program, greeting->verify ? " --verify" : "");
  for (size_t i = 0; i < greeting->file_count; i++)
    if (greeting->files[i].error)
      fprintf(out, "-%s\n", greeting->files[i].error);
    else
      fprintf(out, "+%016" PRIx64 "\n", greeting->files[i].hash);
  fclose(out);
  return text;
}

static bool wait_for_rank_0(struct ranks *ranks) {
  struct bytes bytes;
  enum campaign_message kind;
  uint64_t campaign;
  unsigned from;
  while (!ranks_receive(ranks, CAMPAIGN_LISTEN_NS, &from, &bytes))
    if (ranks_silent(ranks, 0)) campaign_mpi_end_alone(ranks);
  campaign_message_read(&bytes, &kind, &campaign);
  bytes_free(&bytes);
  return kind == CAMPAIGN_BEGIN;
}

bool campaign_mpi_hello(struct ranks *ranks, const struct campaign_mpi_greeting *greeting) {
  char host[256] = "?";
  struct bytes bytes = campaign_message(CAMPAIGN_HELLO, 0);
  char *text = describe(greeting);
  gethostname(host, sizeof host - 1);
  for (const char *at = host; *at; at++) bytes_unsigned(&bytes, (unsigned char)*at);
  bytes_unsigned(&bytes, '\n');
  for (const char *at = text; *at; at++) bytes_unsigned(&bytes, (unsigned char)*at);
  free(text);
  ranks_send(ranks, 0, &bytes);
  return wait_for_rank_0(ranks);
}

/* The text of a hello, ended; the caller's to free. */
static char *text_of(struct bytes_reader *reader) {
  const size_t most = (size_t)(reader->end - reader->at);
  size_t count = 0;
  char *text = malloc(most + 1);
  ASSERT(text != NULL);
  while (reader->at < reader->end && !reader->bad) text[count++] = (char)bytes_read_up_to(reader, UINT8_MAX);
  text[count] = '\0';
  return text;
}

/* Cuts off the first line. */
static char *line(char **text) {
  char *begin = strsep(text, "\n");
  return begin ? begin : "";
}

/* False: rank `rank` on `host` has other lines than rank 0. */
static bool compare(const struct campaign_mpi_greeting *greeting, char *ours, char *theirs, unsigned rank,
                    struct err *err) {
  const char *host = line(&theirs), *program = line(&theirs);
  if (strcmp(program, line(&ours)) != 0) {
    err_set(err, ERR_CONFLICT, "rank %u on %s runs another dgsim than rank 0, or with other options: %s",
            rank, host, program);
    return err_note(err, "all ranks are to be started with one command, and to run the same program");
  }
  for (size_t i = 0; i < greeting->file_count; i++) {
    const char *our = line(&ours), *their = line(&theirs);
    if (our[0] == '-' || strcmp(our, their) == 0) continue; /* what rank 0 could not load is not run */
    err_place(err, greeting->files[i].path, 0, 0, NULL);
    if (their[0] == '-')
      err_set(err, ERR_CONFLICT, "rank %u on %s cannot load it: %s", rank, host, their + 1);
    else
      err_set(err, ERR_CONFLICT, "rank %u on %s has another scenario there than rank 0", rank, host);
    return err_note(err, "the same files have to be at the same paths on all hosts, as in a shared folder");
  }
  return true;
}

static bool still_to_come(struct ranks *ranks, const bool *greeted) {
  for (unsigned rank = 1; rank < ranks_count(ranks); rank++)
    if (!greeted[rank] && !ranks_silent(ranks, rank)) return true;
  return false;
}

bool campaign_mpi_agree(struct ranks *ranks, const struct campaign_mpi_greeting *greeting, struct err *err) {
  bool *greeted = calloc(ranks_count(ranks), sizeof *greeted), good = true;
  ASSERT(greeted != NULL);
  while (good && still_to_come(ranks, greeted)) {
    struct bytes bytes;
    enum campaign_message kind;
    uint64_t campaign;
    unsigned from;
    if (!ranks_receive(ranks, CAMPAIGN_LISTEN_NS, &from, &bytes)) continue;
    struct bytes_reader reader = campaign_message_read(&bytes, &kind, &campaign);
    if (kind == CAMPAIGN_HELLO) {
      char *ours = describe(greeting), *theirs = text_of(&reader);
      greeted[from] = true;
      good = compare(greeting, ours, theirs, from, err);
      free(ours);
      free(theirs);
    }
    bytes_free(&bytes);
  }
  for (unsigned rank = 1; good && rank < ranks_count(ranks); rank++) {
    struct bytes begin = campaign_message(CAMPAIGN_BEGIN, 0);
    if (greeted[rank])
      ranks_send(ranks, rank, &begin);
    else
      bytes_free(&begin);
  }
  free(greeted);
  return good;
}
