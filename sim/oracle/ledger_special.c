/* Operations other than increments: what the ledger notes of them as facts come. */
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/mutants.h"

#include <stdlib.h>

void special_reset(struct ledger *ledger) { ledger->special.used = ledger->special.unsure = false; }

void special_free(struct ledger *ledger) {
  free(ledger->special.rows);
  free(ledger->special.notes);
  ledger->special = (struct special){0};
}

size_t special_bytes(const struct ledger *ledger) {
  const struct special *special = &ledger->special;
  return special->row_room * sizeof *special->rows +
         (special->notes ? ledger->keys_remembered * sizeof *special->notes : 0);
}

/* The first one of a run. What is never written of the notes costs no memory. */
static void begin(struct ledger *ledger) {
  struct special *special = &ledger->special;
  GROW(special->rows, special->row_room, ledger->key_count);
  memset(special->rows, 0, ledger->key_count * sizeof *special->rows);
  if (!special->notes) special->notes = calloc(ledger->keys_remembered, sizeof *special->notes);
  ASSERT_MSG(special->notes, "out of memory");
  special->used = true;
}

static struct row_account *row_of(const struct ledger *ledger, const struct entry *entry) {
  return &ledger->special.rows[entry_key(entry)];
}

static uint32_t *note_at(const struct ledger *ledger, uint64_t intent) {
  return &ledger->special.notes[intent & (ledger->keys_remembered - 1)];
}

void special_intended(struct ledger *ledger, const struct trace_record *fact) {
  const uint32_t operation = fact_intended_operation(fact->value), other = fact_intended_other(fact->value);
  ASSERT_LT(operation, OPERATION__COUNT);
  ASSERT_LT(other, ledger->key_count);
  if (!ledger->special.used) begin(ledger);
  *note_at(ledger, fact->intent) = other;
  if (operation_law((enum operation)operation) == LAW_OVERWRITES)
    ledger->special.rows[fact_intended_key(fact->value)].overwritten = true;
}

void special_returned(struct ledger *ledger, uint64_t intent, const struct entry *entry,
                      struct exception *exception) {
  if (entry_law(entry) != LAW_OVERWRITES) return;
  struct row_account *row = row_of(ledger, entry);
  uint64_t *firm = &row->firm[entry_operation(entry)];
  if (intent > *firm) *firm = intent;
  row->returned[entry_operation(entry)] = ledger->next; /* never falls */
  const uint32_t later = (uint32_t)(ledger->next - intent);
  if (exception) exception->note = later;
  if (later <= ledger->keys_remembered) *note_at(ledger, intent) = later;
}

/* Whether an operation changes the row, and what it makes of it. */
static bool change(struct row_account *row, enum operation operation, uint64_t intent) {
  const bool was_absent = row->absent;
  const uint64_t before = row->value;
  if (operation == OPERATION_SET && row->absent) return false;
  row->absent = operation == OPERATION_DELETE;
  row->value = row->absent ? 0 : intent;
  return was_absent != row->absent || before != row->value;
}

bool special_effect(struct ledger *ledger, uint64_t intent, struct entry *entry) {
  if (entry_law(entry) != LAW_OVERWRITES) return false;
  struct row_account *row = row_of(ledger, entry);
  const bool unsure = row->unsure;
  /* LIMIT: of a row of which an effect was taken back nobody says what it holds, until one that does
   * not ask for that writes it; till then it counts as unchanged. */
  const bool changed = change(row, entry_operation(entry), intent) && !unsure;
  if (entry_operation(entry) != OPERATION_SET) row->unsure = false;
  const bool stale = intent < row->newest && !MUTANT(ORACLE_OVERWRITE_IGNORED);
  if (changed && stale) ledger->counts[METRIC_STALE_OVERWRITES]++;
  if (intent > row->newest) row->newest = intent;
  if (!changed || entry->effects < 2 || entry->status.flags & FLAG_CHANGED_AGAIN) return false;
  entry->status.flags |= FLAG_CHANGED_AGAIN;
  return true;
}

void special_undone(struct ledger *ledger, const struct entry *entry) {
  if (entry_law(entry) != LAW_OVERWRITES) return;
  struct row_account *row = row_of(ledger, entry);
  row->unsure = true;
  row->newest = 0;
}

void special_retire(struct ledger *ledger, uint32_t about, uint32_t note, int by) {
  const uint32_t key = about & FACT_KEY_MASK;
  switch (operation_law((enum operation)(about >> FACT_STATE_KEY_BITS))) {
  case LAW_COUNTS: break; /* struct key_account */
  case LAW_MOVES:
    ledger->special.rows[key].retired -= by;
    ledger->special.rows[note].retired += by;
    break;
  case LAW_OVERWRITES: break;
  }
}
