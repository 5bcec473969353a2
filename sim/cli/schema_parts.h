/* Parts of the JSON Schema of scenario files (draft 7, which is what editors know). One function a part of the
 * language; every name, type, limit, default and help text is a table's. Each returns a new object.
 *
 * LIMIT: a schema sees a file by itself: what depends on other values (three of messages, rate and for that disagree; a
 * node that the topology does not have; a key that no row's model has) only the program tells.
 */
#ifndef SIM_CLI_SCHEMA_PARTS_H
#define SIM_CLI_SCHEMA_PARTS_H

#include "sim/base/schema.h"
#include "sim/runner/scenario.h"
#include "sim/runner/scenario_tables.h"

#include <jansson.h>

/* A value of a key, with help and default; of a scalar alone. */
json_t *part_of_key(const struct key *key);
json_t *part_of_type(const struct key *key); /* without */
json_t *part_of_units(enum value_type type); /* what part_of_type refers to by the type's name; NULL = it has no units */
json_t *part_text(void);                     /* any scalar: it is taken as text */
json_t *part_pattern(const char *pattern, const char *message); /* the whole text has it */
json_t *part_words(const char *words);       /* one of these, one blank between */
json_t *part_list(json_t *items);            /* at least one; takes `items` over */
json_t *part_either(json_t *one, json_t *other); /* takes both over */
json_t *part_file(void);                     /* {file: X} */
json_t *part_name(bool digit_first);         /* a name one chooses */
json_t *part_not_boolean(json_t *part);      /* takes `part` over, and returns it */
json_t *part_map(void);                      /* a map that has no key yet, and takes no other */
void part_put(json_t *map, const char *key, json_t *value); /* takes `value` over */
void part_require(json_t *map, const char *key);
/* Beside `key` none of `others` may stand, one blank between. */
void part_exclude(json_t *map, const char *key, const char *others);
void part_say(json_t *part, const char *help, const char *value_default, const char *source);

json_t *part_of_table(const struct key_table *table, json_t *(*other)(const struct registry *, size_t key),
                      const struct registry *registry); /* a map; `other`: of keys that are no scalar */

/* Slots: a model's name, or a map of its keys; `slot` as in slot_rows. */
json_t *part_slot(const struct registry *registry, const char *slot);
json_t *part_slot_keys(const struct registry *registry, const char *slot); /* what it refers to as SLOT-keys */
json_t *part_groups(const struct registry *registry);
json_t *part_compare(const struct registry *registry);
json_t *part_faults(const struct registry *registry);
json_t *part_sweep(const struct registry *registry);
json_t *part_expect(void);
json_t *part_bound(enum metric_unit unit); /* what it refers to as bound-UNIT */
json_t *part_precision(void);

/* Of a slot, by number: model and keys; false: there are no more. */
struct slot_model {
  const char *name;
  const struct key *keys;
  size_t key_count;
};
bool slot_model(const struct registry *registry, const char *slot, size_t index, struct slot_model *out);

/* Every path of --set that leads to a scalar and does not pass a name that the file chooses; `first`: the top-level key.
 * A path of several models comes once for each. */
typedef void path_fn(void *context, const char *path, const struct key *key);
void paths_each(const struct registry *registry, path_fn *visit, void *context);

#endif
