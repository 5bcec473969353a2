/* A YAML text as a small tree in which everything knows its place.
 *
 * Built from libyaml's event stream. scenarios/README.md: one document, UTF-8, at most YAML_BYTES_MAX,
 * no deeper than YAML_DEPTH_MAX; no aliases, anchors, tags, directives, merge keys, duplicate keys, or
 * keys that are not plain words. Whatever is outside is refused here, with its place, before anything
 * reads it; time and memory are linear in the text (sorting of keys apart). A missing value or `null`
 * is a node of its own kind, because the reader can say better whose value is missing.
 */
#ifndef SIM_RUNNER_YAML_H
#define SIM_RUNNER_YAML_H

#include "sim/base/err.h"
#include "sim/runner/pool.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_BYTES_MAX ((size_t)1 << 20)
#define YAML_DEPTH_MAX 32

/* Where a node was read: a file, or an argument of --set or --vary. */
struct yaml_source {
  const char *path; /* as errors print it */
  const char *text;
  size_t length;
  const char *option; /* that it is an argument of: "--set", "--vary"; NULL = a file */
};

enum yaml_kind { YAML_KIND_NULL, YAML_KIND_SCALAR, YAML_KIND_LIST, YAML_KIND_MAP };

struct yaml_entry;
struct yaml_node {
  const struct yaml_source *source;
  int line, column; /* from 1; columns count characters */
  enum yaml_kind kind;
  const char *text;           /* SCALAR */
  struct yaml_node **items;   /* LIST */
  struct yaml_entry *entries; /* MAP, in the order of the text */
  size_t count, capacity;     /* of items or entries */
  bool swept;                 /* one of the values of `sweep`, wherever it has been put */
};
struct yaml_entry {
  const char *key;
  const struct yaml_source *source;
  int line, column; /* of the key */
  struct yaml_node *value;
};

/* Reads `length` bytes (which need not end in NUL). `path` is what errors print. NULL with *err set.
 * `option`: as in yaml_source, borrowed.
 * Tree, source and a copy of the text live in the pool. An empty text is a NULL node at 1:1. */
struct yaml_node *yaml_read(struct pool *pool, const char *path, const char *text, size_t length,
                            const char *option, struct err *err);
struct yaml_node *yaml_read_file(struct pool *pool, const char *path, struct err *err);

/* The value of a key, or NULL. */
struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key);

/* Adds or replaces a value; the key's place is `place`'s. */
void yaml_put(struct pool *pool, struct yaml_node *map, const char *key, struct yaml_node *value,
              const struct yaml_node *place);

/* Whether it is UTF-8 without control characters; libyaml finds that out too, but not where. */
bool yaml_check_text(const struct yaml_source *source, struct err *err);

/* Places an error at a node or key, with its line of the source. Control characters that a quoted
 * scalar may have brought into the message become blanks. Returns false. */
bool yaml_fail_at(const struct yaml_source *source, int line, int column, struct err *err);

#endif
