/* Facts written as words: "intended:1 ok:1 delivered:1 effect:1 drained".
 *
 *   NAME:ID         a fact by its name in sim/world/fact.h, about an id; ":0" may be left out
 *   intended:ID/KEY the key (default 1)
 *   set:ID/KEY      the same of another operation, by its word; transfer:ID/KEY>OTHER
 *   effect:ID>NS    visible from then on (default: at once)
 *   state:KEY=VALUE the final value of a key; "none": there is no row
 *   counter:N=VALUE
 *   …@GROUP         at the end: the group that it was done for (default 0)
 *   at:NS           the time from here on; else each fact comes 1 ns after the one before, from 1
 */
#ifndef TESTS_ORACLE_FACT_SCRIPT_H
#define TESTS_ORACLE_FACT_SCRIPT_H

#include "sim/oracle/ledger.h"
#include "sim/world/fact.h"
#include "sim/world/operation.h"
#include "tests/oracle/feed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_KEYS 4
#define SCRIPT_BUCKET_NS 10

static inline unsigned script_operation(const char *name, size_t length) {
  unsigned operation = 0;
  for (; operation < OPERATION__COUNT; operation++) {
    const char *word = operation_rows[operation].word;
    if (strlen(word) == length && memcmp(word, name, length) == 0) break;
  }
  return operation;
}

static inline unsigned script_kind(const char *name, size_t length) {
  for (unsigned kind = TRACE_FACT; kind < FACT__END; kind++) {
    const char *known = trace_kind_name(kind);
    if (strlen(known) == length && memcmp(known, name, length) == 0) return kind;
  }
  if (script_operation(name, length) < OPERATION__COUNT) return FACT_INTENDED;
  ck_abort_msg("no fact is called '%.*s'", (int)length, name);
}

/* Feeds a script; *inout_number is that of the next record. */
static inline void script_feed(struct ledger *ledger, const char *script, uint64_t *inout_number,
                               int64_t *inout_now) {
  while (*(script += strspn(script, " "))) {
    size_t length = strcspn(script, ": ");
    const char *name = script;
    long long number = 0, argument = -1, group = 0, other = 0;
    script += length;
    char separator = ' ';
    if (*script == ':') {
      char *end;
      number = strtoll(script + 1, &end, 10);
      separator = *end;
      if (separator == '=' && strncmp(end + 1, "none", 4) == 0)
        argument = (long long)FACT_STATE_ABSENT, end += 5;
      else if (separator && separator != ' ' && separator != '@')
        argument = strtoll(end + 1, &end, 10);
      if (*end == '>') other = strtoll(end + 1, &end, 10);
      if (*end == '@') group = strtoll(end + 1, &end, 10);
      script = end;
    }
    if (length == 2 && memcmp(name, "at", 2) == 0) {
      *inout_now = number;
      continue;
    }
    struct trace_record record = {.at = *inout_now, .kind = (uint16_t)script_kind(name, length),
                                  .detail = (uint32_t)group};
    bool about_key = record.kind == FACT_STATE || record.kind == FACT_COUNTER;
    if (about_key)
      record.detail = fact_state((uint32_t)group, (uint32_t)number);
    else
      record.intent = (uint64_t)number;
    if (record.kind == FACT_INTENDED) record.value = 1;
    if (record.kind == FACT_EFFECT) record.value = (uint64_t)record.at;
    if (separator == '/' || separator == '>' || separator == '=') record.value = (uint64_t)argument;
    const unsigned operation = script_operation(name, length);
    if (operation < OPERATION__COUNT)
      record.value = fact_intended((uint32_t)record.value, operation, (uint32_t)other);
    feed_ledger(ledger, &record, 1, (*inout_number)++);
    ++*inout_now;
  }
}

/* Judges one script. */
static inline void script_judge_groups(struct ledger *ledger, const char *script, uint32_t groups,
                                       int64_t metrics[METRIC__COUNT]) {
  uint64_t number = 0;
  int64_t now = 1;
  ledger_reset(ledger, SCRIPT_KEYS, groups, SCRIPT_BUCKET_NS);
  script_feed(ledger, script, &number, &now);
  ledger_finish(ledger, metrics);
}

static inline void script_judge(struct ledger *ledger, const char *script,
                                int64_t metrics[METRIC__COUNT]) {
  script_judge_groups(ledger, script, 1, metrics);
}

#endif
