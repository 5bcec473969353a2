/* A scenario that has been read, written again: as it was resolved, in parts, or to be kept with what it reads. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"

#include <string.h>

void scenario_print_resolved(const struct scenario *scenario, FILE *out) {
  const struct scenario_memory *memory = scenario->memory;
  fwrite(memory->resolved, 1, memory->resolved_length, out);
}

void scenario_print_fault(const struct scenario *scenario, size_t fault, FILE *out) {
  const struct scenario_memory *memory = scenario->memory;
  scenario_write_fault(memory->reader, &scenario->faults[fault], fault, out);
}

void scenario_print_kept(const struct scenario *scenario, FILE *out) {
  const struct scenario_memory *memory = scenario->memory;
  if (scenario->file_count == 0) return scenario_print_resolved(scenario, out);
  struct pool *pool = pool_new();
  struct reader reader = *memory->reader;
  struct scenario kept = *scenario;
  size_t length;
  uint64_t hash;
  reader.pool = pool;
  reader.scenario = &kept;
  reader.keeping = true;
  const char *text = scenario_resolve(&reader, &length, &hash);
  ASSERT(hash == scenario->resolved_hash);
  fwrite(text, 1, length, out);
  pool_free(pool);
}

void scenario_kept_name(size_t file, char out[SCENARIO_KEPT_NAME_MAX]) {
  snprintf(out, SCENARIO_KEPT_NAME_MAX, "input-%zu.csv", file + 1);
}

static void print_cut(const struct scenario *scenario, size_t plan, size_t seed,
                      const struct scenario_part *part, FILE *out) {
  const struct scenario_memory *memory = scenario->memory;
  struct pool *pool = pool_new();
  struct reader reader;
  struct scenario run;
  size_t length;
  uint64_t hash;
  scenario_cut(memory->reader, scenario, plan, seed, pool, &reader, &run);
  if (part) scenario_cut_part(part, &reader, &run);
  const char *text = scenario_resolve(&reader, &length, &hash);
  fwrite(text, 1, length, out);
  pool_free(pool);
}

void scenario_print_run(const struct scenario *scenario, size_t plan, size_t seed, FILE *out) {
  print_cut(scenario, plan, seed, NULL, out);
  if (scenario->file_count > 0) fputc('\0', out);
  for (size_t i = 0; i < scenario->file_count; i++) {
    fwrite(scenario->files[i].name, 1, strlen(scenario->files[i].name) + 1, out);
    fwrite(scenario->files[i].text, 1, scenario->files[i].length + 1, out);
  }
}

void scenario_print_part(const struct scenario *scenario, size_t plan, size_t seed,
                         const struct scenario_part *part, FILE *out) {
  print_cut(scenario, plan, seed, part, out);
}

void scenario_print_recorded(const struct scenario *scenario, const struct scenario_record *record,
                              FILE *out) {
  const struct scenario_memory *memory = scenario->memory;
  scenario_write_recorded(memory->reader, record, out);
}
