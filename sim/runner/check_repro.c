#include "sim/runner/check_repro.h"

#include "sim/base/assert.h"
#include "sim/runner/repro.h"
#include "sim/runner/scenario_reader.h"
#include "sim/runner/yaml_out.h"

#include <stdlib.h>
#include <string.h>

/* ---- paths ---- */

/* From the root, without links where it is there. */
static const char *absolute(struct pool *pool, const char *path) {
  char *real = realpath(path, NULL);
  if (real) {
    const char *kept = pool_text(pool, real, strlen(real));
    free(real);
    return kept;
  }
  const char *slash = strrchr(path, '/');
  const char *parent = !slash ? "." : slash == path ? "/" : pool_text(pool, path, (size_t)(slash - path));
  const char *base = slash ? slash + 1 : path;
  if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0) return path; /* not even the current folder is there */
  const char *above = absolute(pool, parent);
  return pool_print(pool, "%s/%s", strcmp(above, "/") == 0 ? "" : above, base);
}

/* The way from a folder to a file, both from the root. */
static const char *way(struct pool *pool, const char *folder, const char *file) {
  size_t common = 0; /* length of what both begin with, in whole parts */
  for (size_t i = 0;; i++) {
    const bool folder_ends = folder[i] == '/' || folder[i] == '\0';
    if (folder_ends && file[i] == '/') common = i;
    if (folder[i] != file[i] || folder[i] == '\0') break;
  }
  const char *up = "";
  for (const char *at = folder + common; *at; at++)
    if (at[0] == '/' && at[1] != '\0') up = pool_print(pool, "%s../", up);
  return pool_print(pool, "%s%s", up, file + common + 1);
}

/* The body's file, which stands beside the scenario, from another folder. */
static const char *body_from(struct pool *pool, const struct scenario *scenario, const char *folder) {
  const char *name = scenario->body_file, *slash = strrchr(scenario->path, '/');
  if (!name || name[0] == '/') return name;
  const char *path = pool_print(pool, "%.*s%s", slash ? (int)(slash - scenario->path + 1) : 0, scenario->path, name);
  return way(pool, absolute(pool, folder), absolute(pool, path));
}

/* ---- the block ---- */

static bool is_default(const struct key *key, union value value) {
  union value usual;
  struct err err = {0};
  ASSERT_MSG(schema_parse(key, key->value_default, &usual, &err), "default of '%s': %s", key->name, err.message);
  return usual.i == value.i;
}

static void put_value(const struct key *key, union value value, const char *before, FILE *out) {
  char text[64];
  schema_format(key, value, text, sizeof text);
  fprintf(out, "%s%s: %s", before, key->name, text);
}

static void put_delivery(const struct check_rules *rules, FILE *out) {
  const char *before = "  delivery: {";
  for (int i = 0; i < DELIVERY__COUNT; i++) {
    const union value value = scenario_delivery_value(rules, (enum delivery_key)i);
    if (is_default(&delivery_table.keys[i], value)) continue;
    put_value(&delivery_table.keys[i], value, before, out);
    before = ", ";
  }
  if (before[0] == ',') fputs("}\n", out);
}

static void put_rules(struct pool *pool, const struct check_rules *rules, FILE *out) {
  put_delivery(rules, out);
  for (int i = CHECK_KEY_DELIVERY + 1; i < CHECK_KEY__COUNT; i++) {
    const enum check_key key = (enum check_key)i;
    const struct key *row = &check_table.keys[i];
    if (row->type == VALUE_OTHER) {
      const char *const *list = scenario_check_list(rules, key);
      if (list) fprintf(out, "  %s: %s\n", row->name, yaml_list(pool, list));
    } else if (key != CHECK_KEY_PAIRS && !is_default(row, scenario_check_value(rules, key))) {
      put_value(row, scenario_check_value(rules, key), "  ", out);
      fputc('\n', out);
    }
  }
}

/* ---- the whole ---- */

static const char *what_failed(const struct check_outcome *outcome) {
  return outcome->verdict == CHECK_PROGRAM ? program_failure_names[outcome->failure] : anomaly_names[outcome->anomaly];
}

void check_repro_name(const struct check_small *small, char *out, size_t size) {
  snprintf(out, size, "%s-%s", check_class_rows[small->what.class].name, what_failed(&small->outcome));
  for (char *at = out; *at; at++)
    if (*at == '_') *at = '-';
}

void check_repro_write(const struct scenario *scenario, const struct check_small *small, const char *folder,
                       const char *name, FILE *out) {
  struct pool *pool = pool_new();
  struct check_rules rules = scenario->check;
  char *block = NULL;
  size_t size = 0;
  char evidence[CHECK_EVIDENCE_ROOM];
  snprintf(evidence, sizeof evidence, "%s", small->outcome.evidence);
  text_tidy(evidence);
  rules.cases = CHECK_CASES_DECLARED;
  rules.variant = small->what.variant;
  rules.mixed_versions = small->what.mixed;
  FILE *memory = open_memstream(&block, &size);
  ASSERT_MSG(memory, "out of memory");
  put_rules(pool, &rules, memory);
  ASSERT(fclose(memory) == 0);
  const struct repro repro = {
      .plan = &small->plan,
      .placements = small->what.placements,
      .count = small->what.count,
      .name = name,
      .about = pool_print(pool, "%s in a check of %s: %s. %s", what_failed(&small->outcome), scenario->name,
                          check_class_rows[small->what.class].about, evidence),
      .check = block,
      .body = body_from(pool, scenario, folder),
  };
  repro_write(&repro, out);
  free(block);
  pool_free(pool);
}
