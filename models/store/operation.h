/* What a database makes of each operation (sim/world/operation.h): a row of functions.
 *
 *                         own row            other row   also
 *   increment             value + 1          -           no row: nothing, as of an UPDATE
 *   set                   value := id        -           likewise
 *   delete                none               -
 *   put                   there, value := id -
 *   insert-surrogate-key  one more           -           locks nothing: each insert makes a row of its own
 *   insert-natural-key    one more           -           its id is unique: the second is refused
 *   transfer              value - 1          value + 1   locks the row of the lower key first
 *   charge                -                  -           is not done here: the statement is refused
 *
 * The row of a key stands for what belongs to the key: of inserts it holds how many rows there are.
 *
 * LIMIT: of a row that an insert makes, only that it is there is kept.
 */
#ifndef MODELS_STORE_OPERATION_H
#define MODELS_STORE_OPERATION_H

#include "sim/world/operation.h"

#include <stdbool.h>
#include <stdint.h>

struct row {
  bool exists;
  int64_t value;
};
typedef void row_fn(struct row *row, uint64_t intent);
struct row_operation {
  row_fn *own, *other; /* own: NULL = it is not done in a database; other: NULL = it has no second row */
  bool unique;         /* its id is a natural key */
  bool inserts;        /* it locks no row that is there */
};
extern const struct row_operation row_operations[OPERATION__COUNT];

#endif
