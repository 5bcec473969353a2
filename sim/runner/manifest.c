#include "sim/runner/manifest.h"

#include "sim/base/printable.h"
#include "sim/runner/judge.h"
#include "sim/runner/tables.h"
#include "sim/world/fault_verbs.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Hexadecimal text: JSON numbers lose the low bits of 64. */
static json_t *digest_json(uint64_t digest) { return json_sprintf("%016" PRIx64, digest); }

/* JSON is UTF-8, and what is on a command line need not be: then what is not shows as '?'. */
static json_t *text_json(const char *text) {
  json_t *json = json_string(text);
  if (json) return json;
  char *copy = printable_copy(text);
  json = json_string(copy);
  free(copy);
  return json;
}

static json_t *seeds_json(const struct campaign *campaign) {
  json_t *seeds = json_array();
  for (size_t i = 0; i < campaign->seed_count; i++)
    json_array_append_new(seeds, json_integer((json_int_t)campaign->scenario->seeds[i]));
  return seeds;
}

/* How it came to have these seeds and no more. */
static json_t *precision_json(const struct campaign *campaign) {
  json_t *json = json_object();
  json_object_set_new(json, "seeds_at_most", json_integer((json_int_t)campaign->scenario->seed_count));
  json_object_set_new(json, "looks", json_integer((json_int_t)campaign->looks));
  json_object_set_new(json, "reached", json_boolean(campaign->precise));
  return json;
}

static json_t *files_json(const struct scenario *scenario) {
  json_t *files = json_array();
  for (size_t i = 0; i < scenario->file_count; i++) {
    json_t *json = json_object();
    json_object_set_new(json, "name", text_json(scenario->files[i].name));
    json_object_set_new(json, "xxh3", digest_json(scenario->files[i].hash));
    json_array_append_new(files, json);
  }
  return files;
}

/* What is swept in this row, by path. */
static json_t *point_json(const struct campaign *campaign, size_t row) {
  const struct scenario *scenario = campaign->scenario;
  json_t *json = json_object();
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const uint32_t value = scenario->points[row].values[i];
    if (value == SWEEP_NONE) continue;
    json_object_set_new(json, scenario->sweep[i].path, text_json(scenario->sweep[i].texts[value]));
  }
  return json;
}

static json_t *row_json(const struct campaign *campaign, size_t row) {
  const struct plan *plan = &campaign->scenario->plans[row];
  char violations[256];
  verdict_describe(campaign->violations[row], violations, sizeof violations);
  json_t *json = json_object();
  json_object_set_new(json, "label", json_string(plan->label));
  if (campaign->scenario->sweep_count > 0) json_object_set_new(json, "point", point_json(campaign, row));
  json_object_set_new(json, "system", json_string(plan->system->name));
  json_object_set_new(json, "handler", json_string(tables_handler(plan)));
  json_object_set_new(json, "contract_held", json_boolean(campaign->contract_held[row]));
  json_object_set_new(json, "violations", json_string(violations));
  if (campaign->capacity[row] >= 0)
    json_object_set_new(json, "capacity_micro_per_s", json_integer(campaign->capacity[row]));
  json_t *digests = json_array();
  for (size_t seed = 0; seed < campaign->seed_count; seed++)
    json_array_append_new(digests, digest_json(campaign_result(campaign, row, seed)->digest));
  json_object_set_new(json, "digests", digests);
  return json;
}

static json_t *fault_json(const struct campaign *campaign, size_t fault) {
  const struct fault_plan *plan = &campaign->scenario->faults[fault];
  json_t *json = json_object();
  json_object_set_new(json, "name", json_string(plan->name));
  json_object_set_new(json, "verb", json_string(fault_verbs[plan->verb].name));
  json_object_set_new(json, "hits", json_integer((json_int_t)campaign->fault_hits[fault]));
  json_object_set_new(json, "min_hits", json_integer(plan->min_hits));
  json_object_set_new(json, "applicable", json_boolean(campaign->fault_applicable[fault]));
  json_object_set_new(json, "missed", json_boolean(judge_fault_missed(campaign, fault)));
  return json;
}

static json_t *expectation_json(const struct campaign *campaign, size_t index) {
  const struct expectation *expectation = &campaign->scenario->expectations[index];
  const struct expectation_result *result = &campaign->expectations[index];
  json_t *json = json_object();
  json_object_set_new(json, "text", json_string(expectation->text));
  json_object_set_new(json, "line", json_integer(expectation->line));
  json_object_set_new(json, "holds", json_boolean(result->holds));
  json_object_set_new(json, "found", json_string(result->found));
  return json;
}

/* How it was run: may differ between two runs of the same campaign. */
static json_t *execution_json(const struct campaign *campaign) {
  char host[256] = "", written[32] = "";
  gethostname(host, sizeof host - 1);
  const time_t now = time(NULL);
  struct tm utc;
  strftime(written, sizeof written, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  json_t *json = json_object();
  json_object_set_new(json, "workers", json_integer(campaign->workers));
  json_object_set_new(json, "ranks", json_integer(campaign->ranks));
  json_object_set_new(json, "host", text_json(host));
  json_object_set_new(json, "wall_s", json_real(campaign->wall_s));
  json_object_set_new(json, "written", json_string(written));
  return json;
}

bool manifest_write(const struct campaign *campaign, const char *version, FILE *file) {
  const struct scenario *scenario = campaign->scenario;
  json_t *root = json_object();
  json_object_set_new(root, "format", json_integer(1));
  json_object_set_new(root, "version", json_string(version));
  json_object_set_new(root, "command", text_json(campaign->command ? campaign->command : ""));
  json_object_set_new(root, "scenario", json_string(scenario->name));
  json_object_set_new(root, "path", text_json(scenario->path));
  json_object_set_new(root, "resolved_hash", digest_json(scenario->resolved_hash));
  json_object_set_new(root, "files", files_json(scenario));
  json_object_set_new(root, "seeds", seeds_json(campaign));
  if (campaign->looks > 0) json_object_set_new(root, "precision", precision_json(campaign));
  json_object_set_new(root, "digest", digest_json(campaign_digest(campaign)));
  json_object_set_new(root, "verdict", json_string(verdict_names[campaign->verdict]));
  json_object_set_new(root, "verified", json_boolean(campaign->verified));
  json_object_set_new(root, "verify_mismatches",
                      json_integer((json_int_t)campaign->verify_mismatches));
  json_t *rows = json_array(), *faults = json_array(), *expectations = json_array();
  for (size_t row = 0; row < scenario->plan_count; row++)
    json_array_append_new(rows, row_json(campaign, row));
  for (size_t fault = 0; fault < scenario->fault_count; fault++)
    json_array_append_new(faults, fault_json(campaign, fault));
  for (size_t i = 0; i < scenario->expectation_count; i++)
    json_array_append_new(expectations, expectation_json(campaign, i));
  json_object_set_new(root, "rows", rows);
  json_object_set_new(root, "faults", faults);
  json_object_set_new(root, "expectations", expectations);
  json_object_set_new(root, "execution", execution_json(campaign));
  const bool good = json_dumpf(root, file, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0 &&
                    fputc('\n', file) != EOF;
  json_decref(root);
  return good;
}
