/* Operations: what a message asks to be done to the row of its key. One table: words of the language,
 * how the final state is judged (sim/oracle/README.md); what a database makes of them is in
 * models/store/operation.h.
 *
 * The order is that of numbers in a trace (fact_intended): new ones come last.
 */
#ifndef SIM_WORLD_OPERATION_H
#define SIM_WORLD_OPERATION_H

#include <stdbool.h>

enum operation_law {
  LAW_COUNTS,    /* adds to what is there: each one shows in the state, and so does each repetition */
  LAW_MOVES,     /* takes from its key and adds to another */
  LAW_OVERWRITES /* what was there before does not matter: only who came last shows */
};

/* identifier, word, law, about */
#define OPERATIONS(X)                                                                              \
  X(INCREMENT, "increment", COUNTS, "UPDATE: the row's value rises by 1")                          \
  X(SET, "set", OVERWRITES, "UPDATE: the row's value becomes the operation's own; nothing where there is no row") \
  X(DELETE, "delete", OVERWRITES, "DELETE: there is no row any more")                              \
  X(PUT, "put", OVERWRITES, "UPSERT: there is a row, and its value is the operation's own")        \
  X(INSERT_SURROGATE_KEY, "insert-surrogate-key", COUNTS, "INSERT of one more row, whose id the database makes up") \
  X(INSERT_NATURAL_KEY, "insert-natural-key", COUNTS, "INSERT of one more row, whose id is the operation's own: the second time it is refused") \
  X(TRANSFER, "transfer", MOVES, "UPDATE of two rows: 1 less here, 1 more there")                  \
  X(CHARGE, "charge", COUNTS, "outside of the database: a provider charges the key's account")

enum operation {
#define X(id, word, law, about) OPERATION_##id,
  OPERATIONS(X)
#undef X
      OPERATION__COUNT
};

/* All words, as the choices of a key. */
#define OPERATION_WORDS                                                                            \
  "increment set delete put insert-surrogate-key insert-natural-key transfer charge"

struct operation_row {
  const char *word;
  enum operation_law law;
  const char *about;
};
extern const struct operation_row operation_rows[OPERATION__COUNT];

static inline enum operation_law operation_law(enum operation operation) {
  return operation_rows[operation].law;
}

#endif
