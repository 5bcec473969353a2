/* The final state of rows that operations overwrite, against the legal serial orders of what was wanted.
 *
 * In such an order all firm operations of the key stand once, each other one at most once, a refused one
 * never; and whose call had returned before another was intended stands before it. Ids are given in the
 * order in which operations are intended, so "A's call had returned before B was intended" is "B is not
 * below `returned` of A". A call that ended without an answer has not returned.
 *
 *   value of A    A can be the last: no firm operation stands behind it. Of a SET also: there can be a
 *                 row before it
 *   no row        a DELETE can stand behind all firm PUTs; a SET behind it finds nothing
 *   as at first   no firm operation
 */
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/mutants.h"

#define NEVER UINT64_MAX

void rows_judge_open(struct ledger *ledger, uint64_t intent, const struct entry *entry) {
  if (entry->status.outcome >= OUTCOME_NONE || entry->status.outcome == OUTCOME_REJECTED) return;
  struct row_account *row = &ledger->special.rows[entry_key(entry)];
  const enum operation operation = entry_operation(entry);
  if (operation == OPERATION_DELETE) row->open_delete = true;
  if (operation == OPERATION_PUT && (row->open_put == 0 || intent < row->open_put))
    row->open_put = intent;
}

static uint64_t larger(uint64_t a, uint64_t b) { return a > b ? a : b; }

static uint64_t latest_firm(const struct row_account *row) {
  return larger(row->firm[OPERATION_SET], larger(row->firm[OPERATION_PUT], row->firm[OPERATION_DELETE]));
}

/* Who is said to have written the row. */
struct writer {
  bool known; /* an operation of this key that writes, and was not refused */
  enum operation operation;
  uint64_t returned; /* NEVER = it has not */
};

/* What is known of an operation that has not retired, as an exception whether it is one or not. */
static bool look_up(const struct ledger *ledger, uint64_t intent, struct exception *out) {
  if (ledger_exception_look(ledger, intent, out)) return true;
  if (ledger->next - 1 - intent >= ledger->capacity) return false;
  const struct entry *entry = &ledger->ring[intent & ledger->mask];
  *out = (struct exception){.entry = *entry, .note = special_note(ledger, intent)};
  return !(entry->status.flags & FLAG_ELSEWHERE);
}

/* LIMIT: of an operation that has retired LEDGER_KEYS_REMEMBERED ids ago it is forgotten what it was: it
 * is taken for a PUT of this key that had returned when it was forgotten. */
static struct writer writer_of(const struct ledger *ledger, uint32_t key, uint64_t intent) {
  const uint64_t age = ledger->next - intent, place = intent & (ledger->keys_remembered - 1);
  struct writer writer = {.operation = OPERATION_PUT, .returned = intent + ledger->keys_remembered};
  if (!ledger_was_issued(ledger, intent)) return writer;
  struct exception known;
  uint32_t about = key | (uint32_t)OPERATION_PUT << FACT_STATE_KEY_BITS;
  if (look_up(ledger, intent, &known) && !known.keyless) {
    about = known.entry.about;
    if (known.entry.status.outcome == OUTCOME_REJECTED) return writer;
    writer.returned = known.entry.status.outcome >= OUTCOME_NONE ? intent + known.note : NEVER;
  } else if (age <= ledger->keys_remembered) {
    about = ledger->recent_keys[place];
    writer.returned = intent + ledger->special.notes[place];
  }
  writer.operation = (enum operation)(about >> FACT_STATE_KEY_BITS);
  writer.known = (about & FACT_KEY_MASK) == key &&
                 (writer.operation == OPERATION_PUT || writer.operation == OPERATION_SET);
  return writer;
}

/* Whether a row can be there when a SET that comes last finds it. */
static bool row_can_be_there(const struct row_account *row, const struct writer *set) {
  const uint64_t deleted = row->firm[OPERATION_DELETE];
  if (deleted == 0 || row->returned[OPERATION_PUT] > deleted) return true;
  return row->open_put != 0 && row->open_put < set->returned;
}

/* The firm operation that cannot be reconciled with what the row holds; 0 = there is none. */
static uint64_t contradiction(const struct row_account *row, bool absent, uint64_t value,
                              const struct writer *writer) {
  if (absent) {
    const uint64_t put = row->firm[OPERATION_PUT];
    return row->open_delete || row->returned[OPERATION_DELETE] > put ? 0 : put;
  }
  const uint64_t latest = latest_firm(row);
  if (value == 0 || writer->returned <= latest) return latest;
  if (writer->operation != OPERATION_SET || row_can_be_there(row, writer)) return 0;
  return row->firm[OPERATION_DELETE];
}

static bool was_applied(const struct ledger *ledger, uint64_t intent) {
  struct exception known;
  return !look_up(ledger, intent, &known) /* it has retired */ || known.entry.effects > 0;
}

enum row_verdict rows_verdict(const struct ledger *ledger, uint32_t key) {
  const struct row_account *row = &ledger->special.rows[key];
  const uint64_t value = (uint64_t)ledger->totals[key].state;
  const bool absent = value == FACT_STATE_ABSENT;
  const bool deleted = row->open_delete || row->returned[OPERATION_DELETE] > 0;
  if (!row->unsure && !ledger->special.unsure &&
      (absent != row->absent || (!absent && value != row->value)))
    return ROW_WRONG;
  struct writer writer = {.known = deleted};
  if (!absent) writer = writer_of(ledger, key, value);
  if (!writer.known && value != 0) return ROW_WRONG;
  const uint64_t culprit = contradiction(row, absent, value, &writer);
  if (culprit == 0 || MUTANT(ORACLE_STALE_ROW_LEGAL)) return ROW_LEGAL;
  return was_applied(ledger, culprit) ? ROW_STALE : ROW_LOST;
}
