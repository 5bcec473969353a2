/* The table of faults: what may be written in an entry of `faults`, and what it means. The loader
 * reads it, the resolved form and `dgsim list faults` print it, enum verb (plan.h) is its index.
 *
 * An entry = timing (at, every, when) + exactly one verb + the verb's own keys, in one flat map. Every
 * key says which field of struct fault_plan holds it, so a new key is a new row.
 */
#ifndef SIM_WORLD_FAULT_VERBS_H
#define SIM_WORLD_FAULT_VERBS_H

#include "sim/base/schema.h"
#include "sim/world/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the verb's value names. */
enum fault_target {
  FAULT_TARGET_NODES, /* consumer.1, broker.any, a list; `this` with `when` */
  FAULT_TARGET_LINK,  /* consumer_to_broker, producer.any_to_broker */
  FAULT_TARGET_THIS,  /* only `this`: the message at the point */
};

/* How a key's value is written. */
enum fault_key_kind {
  FAULT_KEY_VALUE, /* as key.type says */
  FAULT_KEY_NAME,  /* a name one chooses */
  FAULT_KEY_NODES,
  FAULT_KEY_POINT, /* `ack-sent`, `before ack-sent` */
};

struct fault_key {
  struct key key; /* value_default "" = none: not given is not there */
  enum fault_key_kind kind;
  size_t offset, size; /* of the field of struct fault_plan; an integer of 4 or 8 bytes, a pointer to
                          a distribution, or a selector */
};

enum fault_timing_key {
  FAULT_KEY_AT,
  FAULT_KEY_EVERY,
  FAULT_KEY_TIMES,
  FAULT_KEY_UNTIL,
  FAULT_KEY_STABILITY,
  FAULT_KEY_WHEN,
  FAULT_KEY_INTENT,
  FAULT_KEY_ATTEMPT,
  FAULT_KEY_NTH,
  FAULT_KEY_NODE,
  FAULT_KEY_CALL,
  FAULT_TIMING_KEY__COUNT
};
extern const struct fault_key fault_timing_keys[FAULT_TIMING_KEY__COUNT];

enum fault_common_key {
  FAULT_KEY_NAME_,
  FAULT_KEY_FOR, /* its default and whether it is needed stand in the verb's row */
  FAULT_KEY_CHANCE,
  FAULT_KEY_MIN_HITS,
  FAULT_COMMON_KEY__COUNT
};
extern const struct fault_key fault_common_keys[FAULT_COMMON_KEY__COUNT];

struct fault_verb {
  const char *name;
  enum fault_target target;
  const struct fault_key *keys; /* its own */
  size_t key_count;
  const char *for_default; /* NULL = must be given; "" = it takes no `for` */
  const char *for_means;   /* NULL when it takes none */
  bool one_window;         /* its targets are struck and healed together: no two at a time of one name */
  bool of_system;          /* a system understands it or not: struct system, `verbs` */
  const char *such_as;     /* targets to show in help; NULL = any will do */
  const char *help;        /* what it does, one sentence */
  const char *hit;         /* what makes it effective: one perturbed thing */
};
extern const struct fault_verb fault_verbs[VERB__COUNT];

/* Verbs and keys of the language that this version does not have yet, separated by one blank. */
extern const char *const fault_verbs_later, *const fault_keys_later;

#endif
