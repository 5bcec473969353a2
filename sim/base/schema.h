/* Tables of keys: names, types, units, defaults, help and source of everything that a scenario may
 * set. A model brings its table in its row; the loader, `dgsim list keys`, the resolved form and the
 * reference all read the same rows. schema.h knows keys and text scalars, not YAML.
 *
 * Internal units: time in ns, size in bytes, rate in events per second scaled by SCHEMA_RATE_SCALE,
 * bandwidth in bytes per second, share in parts per billion.
 */
#ifndef SIM_BASE_SCHEMA_H
#define SIM_BASE_SCHEMA_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
  VALUE_BOOL,         /* true, false */
  VALUE_COUNT,        /* digits only, no leading zero; of a key "….minutes" also a time, 10min */
  VALUE_TIME,         /* 500ms, 1.5s: ns us ms s min h d, exact in ns */
  VALUE_MILLISECONDS, /* a real system's "….ms" key: 30000 or 30s; held in ns */
  VALUE_SIZE,         /* 1KiB: B KiB MiB GiB */
  VALUE_RATE,         /* 2000/s: /s /min /h /d */
  VALUE_BANDWIDTH,    /* 10MiB/s */
  VALUE_SHARE,        /* 0.1%, 50ppm: 0 to 100% */
  VALUE_ENUM,         /* one word of `choices` */
  VALUE_DISTRIBUTION, /* of time; a bare time is constant; see sim/runner/distribution.h */
  VALUE__COUNT
};

#define SCHEMA_RATE_SCALE 1000000 /* micro-events a second */
#define SCHEMA_SHARE_SCALE 1000000000
#define SCHEMA_TIME_MAX_NS (26000 * INT64_C(86400000000000)) /* 71 years: sums of four fit in int64 */
#define SCHEMA_KEYS_MAX 64 /* keys of one table */

struct quantile_table; /* sim/kernel/quantile.h */

/* A distribution of times as it was written and as it is drawn. */
struct distribution {
  const char *text;                   /* canonical text, for the resolved form */
  const struct quantile_table *table; /* what draws read */
};

union value {
  int64_t i; /* bool, count, time, size, rate, bandwidth, share, index of the enum word */
  const struct distribution *distribution;
};

struct key {
  const char *name;
  enum value_type type;
  const char *value_default; /* as a user would write it; NULL = must be given */
  const char *choices;       /* VALUE_ENUM: words separated by one space, in enum order */
  int64_t min, max;          /* inclusive, internal units; both 0 = the type's own limits */
  const char *help;          /* one sentence */
  const char *source;        /* where the default comes from; NULL = ours */
};

/* Values of a table's keys, by index. */
struct settings {
  union value values[SCHEMA_KEYS_MAX];
};

const char *value_type_name(enum value_type type);    /* "time", "share", … */
const char *value_type_example(enum value_type type); /* "500ms"; such as people write one */
const char *value_type_units(enum value_type type);   /* "ns us ms s min h d"; "" = it has none */

/* A regular expression (of ECMAScript) that each text has which schema_parse can take; of words and distributions
 * none: false. */
bool value_type_pattern(enum value_type type, char *out, size_t size);

/* A real system's "….minutes" key: its name carries the unit, and a time is as good. */
bool key_counts_minutes(const struct key *key);

/* Reads a scalar of any type but VALUE_DISTRIBUTION (assertion) into internal units and checks
 * key->min/max. Integer arithmetic, any number of decimals: what is not exact in the internal unit is
 * refused, but rates and bandwidths per minute, hour or day are rounded to nearest, never to 0.
 * On failure sets code, message and note (not the place), and *out is untouched. */
bool schema_parse(const struct key *key, const char *text, union value *out, struct err *err);

/* Writes a value back in the largest unit that is exact: what the resolved form prints. Shares in %,
 * rates in /s, both with as few decimals as are exact; no time is 0s. For every value that schema_parse
 * gives, reading the text again gives the value. No room in `out` is an assertion: 64 are enough for
 * all but long words and distributions. */
void schema_format(const struct key *key, union value value, char *out, size_t size);

/* Index of a key by name, or -1. */
int schema_find(const struct key *keys, size_t count, const char *name);

#endif
