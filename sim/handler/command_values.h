/* Keys and values of a program that talks JSON, as the numbers that stores hold, and back.
 *
 *   key    a whole number from 0 is itself; other numbers and text are the hash of their text, with bit 63 set
 *   value  a whole number within 2^62 of 0 is itself; any other JSON is the hash of its canonical text in the
 *          numbers below -2^62
 *   table  hash_name, as everywhere
 *
 * [I1] A number depends on the text alone: not on what was named before, in which process or in which run.
 * [I2] What was given back for a number that `values_key`, `values_value` or `values_table` has made since the
 *      last values_forget is the text or JSON that it was made of. A program's crash changes nothing: what
 *      stores hold outlives it.
 */
#ifndef SIM_HANDLER_COMMAND_VALUES_H
#define SIM_HANDLER_COMMAND_VALUES_H

#include "sim/base/map.h"

#include <jansson.h>

#define VALUES_TABLES_MAX 12 /* of a database, that a program may name in a run */

struct word;
struct values {
  struct map places; /* number -> place in `words`, from 1 */
  struct word *words;
  size_t count, capacity;
  uint32_t tables;
};

void values_forget(struct values *values);
void values_deinit(struct values *values);

/* `key` is text or a whole number. */
uint64_t values_key(struct values *values, const json_t *key);
int64_t values_value(struct values *values, const json_t *value);
/* False: that is a table too many. */
bool values_table(struct values *values, const char *name);

/* The JSON of a value, to be released. */
json_t *values_json(const struct values *values, int64_t value);
/* The word of a key, a table or a value: text as it is, other JSON as it is written. NULL: none. */
const char *values_word(const struct values *values, uint64_t number);

#endif
