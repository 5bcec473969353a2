/* The lines between the tool and a program: JSON objects, one a line. scenarios/check/PROTOCOL.md is the page for
 * its users; what stands there of calls is printed from the table here.
 *
 *   tool:     {"message":{"id":"op-17",…},"number":1}
 *   program:  {"call":"insert_unique","table":"processed","key":"op-17","id":7}      any number of calls
 *   tool:     {"id":7,"status":"ok"}                                                 an answer to each, in order
 *   program:  {"done":1}   or   {"failed":1}
 */
#ifndef SIM_HANDLER_COMMAND_PROTOCOL_H
#define SIM_HANDLER_COMMAND_PROTOCOL_H

#include "sim/handler/command_values.h"
#include "sim/handler/program.h"

/* Fields that a call has beside "call", "id" and "message". */
#define PROTOCOL_FIELDS(X)                                                                         \
  X(TABLE, "table", "text")                                                                        \
  X(KEY, "key", "text, or a whole number")                                                         \
  X(VALUE, "value", "any JSON")                                                                    \
  X(EXPECTED, "expected", "any JSON")                                                              \
  X(TTL_MS, "ttl_ms", "ms, above 0")                                                               \
  X(MS, "ms", "ms, from 0")                                                                        \
  X(NAME, "name", "text")                                                                          \
  X(AMOUNT, "amount", "a whole number above 0")                                                    \
  X(IDEMPOTENCY_KEY, "idempotency_key", "text, or a whole number above 0")

enum protocol_field {
#define X(id, name, what) FIELD_##id,
  PROTOCOL_FIELDS(X)
#undef X
      FIELD__COUNT
};

struct protocol_arguments {
  const char *table, *name;
  uint64_t key, idempotency_key;
  int64_t value, expected, ttl_ns, ns, amount;
};

/* What an answer has beside its status, when that is ok. */
enum protocol_result { RESULT_NONE, RESULT_VALUE /* as it was written */, RESULT_NUMBER };

struct protocol_call {
  const char *name;
  unsigned required, optional; /* bits of enum protocol_field */
  enum protocol_result result;
  const char *statuses; /* that it may be answered with, in words */
  const char *help;     /* one line */
  int (*make)(struct dg_context *, const struct protocol_arguments *, int64_t *out); /* enum dg_status */
};
extern const struct protocol_call protocol_calls[];
extern const size_t protocol_call_count;

/* Writes the table of calls as the page has it. */
void protocol_print_calls(FILE *out);

const char *protocol_status(int status); /* "not-found" */

enum protocol_kind { LINE_CALL, LINE_DONE, LINE_FAILED };
struct protocol_line {
  json_t *json; /* owned; what the rest points into */
  enum protocol_kind kind;
  const struct protocol_call *call; /* of LINE_CALL */
  struct protocol_arguments arguments;
  int64_t message; /* number of the message that it is about; 0 = it does not say */
};

/* Reads a line of a program. False with *err set: message, and a hint; nothing is to be released then. */
bool protocol_read(struct values *values, const char *text, struct protocol_line *out, struct err *err);
void protocol_line_release(struct protocol_line *line);

/* The line that hands a message out, and the one that answers a call. To be freed. */
char *protocol_message(const struct dg_message *message, uint64_t number);
char *protocol_answer(const struct values *values, const struct protocol_line *call, int status, int64_t result);

#endif
