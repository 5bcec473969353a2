#include "sim/handler/command_protocol.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/base/suggest.h"
#include "sim/handler/dgsim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32 /* of nested lists and objects: a fiber's stack is small, and the parser recursive */
#define MS_MAX (INT64_C(1000) * 60 * 60 * 24 * 365)
#define NS_PER_MS 1000000
#define BALANCE_TABLE "balance" /* whose keys are the accounts, by number */
#define ACCOUNT "account-"

static const char *const statuses[] = {[DG_OK] = "ok", [DG_EXISTS] = "exists", [DG_NOT_FOUND] = "not-found",
                                       [DG_FAILED] = "failed", [DG_UNKNOWN] = "unknown",
                                       [DG_CONFLICT] = "conflict", [DG_MISMATCH] = "mismatch"};

const char *protocol_status(int status) {
  ASSERT(status >= 0 && (size_t)status < sizeof statuses / sizeof *statuses);
  return statuses[status];
}

static const struct {
  const char *name, *what;
} fields[FIELD__COUNT] = {
#define X(id, name, what) {name, what},
    PROTOCOL_FIELDS(X)
#undef X
};

/* --- Fields of a call --- */

static uint64_t key_of(struct values *values, const char *table, const json_t *key) {
  const char *text = json_string_value(key);
  if (table && text && strcmp(table, BALANCE_TABLE) == 0 && strncmp(text, ACCOUNT, strlen(ACCOUNT)) == 0) {
    char *end;
    const unsigned long long account = strtoull(text + strlen(ACCOUNT), &end, 10);
    if (account > 0 && !*end) return account;
  }
  return values_key(values, key);
}

static bool whole_within(const json_t *json, int64_t low, int64_t high) {
  return json_is_integer(json) && json_integer_value(json) >= low && json_integer_value(json) <= high;
}

static int64_t ns_of(const json_t *ms) { return json_integer_value(ms) * NS_PER_MS; }

static bool is_key(const json_t *json) { return json_is_string(json) || json_is_integer(json); }

/* False: it is not what the field has to be. The table comes before the key: the order of the fields. */
static bool read_field(struct values *values, enum protocol_field field, const json_t *json,
                       struct protocol_arguments *out) {
  switch (field) {
  case FIELD_TABLE: return (out->table = json_string_value(json)) && *out->table;
  case FIELD_NAME: return (out->name = json_string_value(json)) && *out->name;
  case FIELD_KEY: return is_key(json) && (out->key = key_of(values, out->table, json), true);
  case FIELD_VALUE: return out->value = values_value(values, json), true;
  case FIELD_EXPECTED: return out->expected = values_value(values, json), true;
  case FIELD_TTL_MS: return whole_within(json, 1, MS_MAX) && (out->ttl_ns = ns_of(json)) > 0;
  case FIELD_MS: return whole_within(json, 0, MS_MAX) && (out->ns = ns_of(json)) >= 0;
  case FIELD_AMOUNT: return whole_within(json, 1, INT64_MAX) && (out->amount = json_integer_value(json)) > 0;
  case FIELD_IDEMPOTENCY_KEY:
    return is_key(json) && (out->idempotency_key = values_key(values, json)) > 0;
  case FIELD__COUNT: break;
  }
  return false;
}

static bool read_fields(struct values *values, const struct protocol_call *call, const json_t *json,
                        struct protocol_arguments *out, struct err *err) {
  for (int i = 0; i < FIELD__COUNT; i++) {
    const json_t *value = json_object_get(json, fields[i].name);
    if (!value && !(call->required >> i & 1)) continue;
    if (!((call->required | call->optional) >> i & 1)) continue; /* unknown to it: told of below */
    if (!value) {
      err_set(err, ERR_MISSING_KEY, "call '%s' needs '%s'", call->name, fields[i].name);
      return err_note(err, "%s", fields[i].what);
    }
    if (!read_field(values, (enum protocol_field)i, value, out))
      return err_set(err, ERR_WRONG_TYPE, "'%s' of call '%s' is not %s", fields[i].name, call->name,
                     fields[i].what);
  }
  if (out->table && !values_table(values, out->table))
    return err_set(err, ERR_LIMIT, "'%s' is a table too many; there can be %d", out->table, VALUES_TABLES_MAX);
  return true;
}

/* --- Lines --- */

static bool unknown(struct err *err, const char *what, const char *word, const char *const *known, size_t count) {
  const char *meant = suggest(word, known, count);
  err_set(err, ERR_UNKNOWN_NAME, "unknown %s '%.60s'", what, word);
  return meant ? err_note(err, "did you mean '%s'?", meant) : false;
}

/* Whether each field of a line is one that such a line has. */
static bool only_known(const struct protocol_line *line, struct err *err) {
  const char *known[FIELD__COUNT + 3] = {"message"};
  size_t count = 1;
  known[count++] = line->kind == LINE_CALL ? "call" : line->kind == LINE_DONE ? "done" : "failed";
  if (line->call) known[count++] = "id";
  for (int i = 0; line->call && i < FIELD__COUNT; i++)
    if ((line->call->required | line->call->optional) >> i & 1) known[count++] = fields[i].name;
  const char *name;
  json_t *value;
  json_object_foreach(line->json, name, value) {
    size_t i = 0;
    while (i < count && strcmp(known[i], name) != 0) i++;
    if (i < count) continue;
    char what[80];
    snprintf(what, sizeof what, "field of %s%s%s", line->call ? "call '" : "the line", line->call ? line->call->name : "",
             line->call ? "'" : "");
    return unknown(err, what, name, known, count);
  }
  return true;
}

static bool read_call(struct values *values, const json_t *name, struct protocol_line *line, struct err *err) {
  const char *names[64], *text = json_string_value(name);
  if (!text) return err_set(err, ERR_WRONG_TYPE, "'call' is not the name of a call");
  ASSERT(protocol_call_count <= sizeof names / sizeof *names);
  for (size_t i = 0; i < protocol_call_count; i++) {
    names[i] = protocol_calls[i].name;
    if (strcmp(names[i], text) == 0) line->call = &protocol_calls[i];
  }
  if (!line->call) return unknown(err, "call", text, names, protocol_call_count);
  return only_known(line, err) && read_fields(values, line->call, line->json, &line->arguments, err);
}

static bool too_deep(const char *text) {
  int depth = 0;
  for (bool quoted = false; *text; text++) {
    if (quoted && *text == '\\' && text[1]) text++;
    else if (*text == '"') quoted = !quoted;
    else if (!quoted && (*text == '{' || *text == '[') && ++depth > DEPTH_MAX) return true;
    else if (!quoted && (*text == '}' || *text == ']')) depth--;
  }
  return false;
}

/* `done` and `failed` name their message, or say true: the one that is under way. */
static bool read_end(const json_t *end, struct protocol_line *line, struct err *err) {
  if (json_is_integer(end)) line->message = json_integer_value(end);
  if (line->message < 0 || (!json_is_true(end) && line->message == 0))
    return err_set(err, ERR_WRONG_TYPE, "'%s' is not the number of a message, or true",
                   line->kind == LINE_DONE ? "done" : "failed");
  return only_known(line, err);
}

static bool read_line(struct values *values, struct protocol_line *line, struct err *err) {
  const json_t *call = json_object_get(line->json, "call"), *done = json_object_get(line->json, "done"),
               *failed = json_object_get(line->json, "failed"), *message = json_object_get(line->json, "message");
  if (!call + !done + !failed != 2) {
    err_set(err, ERR_FORMAT, "the line says none, or more than one, of call, done and failed");
    return err_note(err, "{\"call\":\"begin\"}, {\"done\":1} or {\"failed\":1}");
  }
  if (message && !whole_within(message, 1, INT64_MAX))
    return err_set(err, ERR_WRONG_TYPE, "'message' is not the number of a message");
  line->message = json_integer_value(message);
  line->kind = call ? LINE_CALL : done ? LINE_DONE : LINE_FAILED;
  return call ? read_call(values, call, line, err) : read_end(done ? done : failed, line, err);
}

bool protocol_read(struct values *values, const char *text, struct protocol_line *out, struct err *err) {
  json_error_t error;
  *out = (struct protocol_line){.json = NULL};
  if (too_deep(text)) return err_set(err, ERR_LIMIT, "lists and objects are nested more than %d deep", DEPTH_MAX);
  out->json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!out->json && *text == '{') {
    err_set(err, ERR_FORMAT, "that is not JSON: %s", PRINTABLE(error.text));
  } else if (!json_is_object(out->json)) {
    err_set(err, ERR_FORMAT, "that is not a JSON object");
    err_note(err, "what is meant for people goes to standard error");
  } else if (read_line(values, out, err)) {
    return true;
  }
  protocol_line_release(out);
  return false;
}

void protocol_line_release(struct protocol_line *line) {
  json_decref(line->json);
  *line = (struct protocol_line){.json = NULL};
}

/* --- What the tool says --- */

static json_t *named(const char *prefix, uint64_t number) {
  char text[64];
  snprintf(text, sizeof text, "%s%" PRIu64, prefix, number);
  return json_string(text);
}

/* A body that was cut off may end within a character: what is left of that shows as U+FFFD. */
static json_t *body_of(const struct dg_message *message) {
  if (!message->body) return json_null();
  for (uint64_t cut = 0; cut <= 3 && cut <= message->body_size; cut++) {
    json_t *body = json_stringn(message->body, message->body_size - cut);
    if (!body) continue;
    if (cut == 0) return body;
    json_t *marked = json_sprintf("%s\xEF\xBF\xBD", json_string_value(body));
    json_decref(body);
    return marked;
  }
  return json_null();
}

static char *written(json_t *json) {
  char *text = json_dumps(json, JSON_COMPACT);
  ASSERT(text);
  json_decref(json);
  return text;
}

char *protocol_message(const struct dg_message *message, uint64_t number) {
  char operation[PROGRAM_OPERATION_ROOM];
  program_operation(message->id, operation);
  const bool own_key = message->idempotency_key != message->id;
  return written(json_pack(
      "{s:{s:s,s:o,s:o,s:I,s:o,s:o,s:I,s:b,s:I,s:I,s:I,s:o,s:o},s:I}", "message", "id", operation, "message_id",
      named("m-", message->message_id), "account", named(ACCOUNT, message->key), "amount",
      (json_int_t)message->amount, "tenant", named("tenant-", message->tenant), "key",
      named(ACCOUNT, message->key), "delivery", (json_int_t)message->delivery, "redelivered",
      (int)message->redelivered, "partition", (json_int_t)message->partition, "offset",
      (json_int_t)message->offset, "fence", (json_int_t)message->fence, "idempotency_key",
      own_key ? named("key-", message->idempotency_key) : json_string(operation), "body", body_of(message),
      "number", (json_int_t)number));
}

char *protocol_answer(const struct values *values, const struct protocol_line *call, int status, int64_t result) {
  json_t *answer = json_object(), *id = json_object_get(call->json, "id");
  if (id) json_object_set(answer, "id", id);
  json_object_set_new(answer, "status", json_string(protocol_status(status)));
  if (status == DG_OK && call->call->result != RESULT_NONE)
    json_object_set_new(answer, "value", call->call->result == RESULT_VALUE ? values_json(values, result)
                                                                            : json_integer(result));
  if (call->message > 0) json_object_set_new(answer, "message", json_integer(call->message));
  return written(answer);
}
