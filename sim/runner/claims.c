#include "sim/runner/claims.h"

#include "sim/base/assert.h"
#include "sim/base/suggest.h"
#include "sim/runner/campaign.h"
#include "sim/runner/csv_in.h"

#include <glob.h>
#include <string.h>

const char *const claim_verdict_names[CLAIM__COUNT] = {
    [CLAIM_HOLDS] = "holds",
    [CLAIM_BREAKS] = "breaks",
    [CLAIM_MIXED] = "mixed",
    [CLAIM_INCONCLUSIVE] = "inconclusive",
    [CLAIM_UNEXPECTED] = "unexpected",
};

/* ---- the two tables ---- */

struct reading {
  struct claims *claims;
  const char *const *columns;
  size_t column_count;
  bool (*take)(struct reading *reading, const struct yaml_node *cells);
  bool headed; /* the first line has been read */
  struct err *err;
};

static bool fail(struct reading *reading, const struct yaml_node *cell) {
  return yaml_fail_at(cell->source, cell->line, cell->column, reading->err);
}

static const char *keep(struct reading *reading, const struct yaml_node *cell) {
  return pool_text(reading->claims->pool, cell->text, strlen(cell->text));
}

static bool on_row(void *context, const struct yaml_node *cells, size_t count) {
  struct reading *reading = context;
  if (count != reading->column_count) {
    err_set(reading->err, ERR_WRONG_TYPE, "%zu cells, not %zu", count, reading->column_count);
    return fail(reading, &cells[0]);
  }
  if (reading->headed) return reading->take(reading, cells);
  reading->headed = true;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(cells[i].text, reading->columns[i]) == 0) continue;
    err_set(reading->err, ERR_UNKNOWN_KEY, "column '%s' where '%s' should be", cells[i].text,
            reading->columns[i]);
    return fail(reading, &cells[i]);
  }
  return true;
}

static bool take_claim(struct reading *reading, const struct yaml_node *cells) {
  struct claims *claims = reading->claims;
  POOL_GROW(claims->pool, claims->items, claims->count, claims->capacity);
  claims->items[claims->count++] =
      (struct claim){keep(reading, &cells[0]), keep(reading, &cells[1]), keep(reading, &cells[2])};
  return true;
}

static bool take_anomalies(struct reading *reading, const struct yaml_node *cell,
                           struct claim_row *row) {
  const char *at = cell->text;
  for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
    char name[64];
    const size_t length = strcspn(at, " ");
    snprintf(name, sizeof name, "%.*s", (int)length, at);
    const int metric = metric_find(name);
    if (metric < 0) {
      err_set(reading->err, ERR_UNKNOWN_NAME, "no metric is called '%s'", name);
      return fail(reading, cell);
    }
    if (row->anomaly_count == CLAIMS_ANOMALIES_MAX) {
      err_set(reading->err, ERR_LIMIT, "more than %d anomalies", CLAIMS_ANOMALIES_MAX);
      return fail(reading, cell);
    }
    row->anomalies[row->anomaly_count++] = (enum metric)metric;
    at += length;
  }
  if (row->anomaly_count > 0) return true;
  err_set(reading->err, ERR_MISSING_KEY, "no anomaly: the row would say nothing");
  return fail(reading, cell);
}

static bool take_row(struct reading *reading, const struct yaml_node *cells) {
  struct claims *claims = reading->claims;
  struct claim_row row = {.scenario = keep(reading, &cells[1]), .row = keep(reading, &cells[2]),
                          .line = cells[0].line};
  while (row.claim < claims->count && strcmp(claims->items[row.claim].id, cells[0].text) != 0)
    row.claim++;
  if (row.claim == claims->count) {
    err_set(reading->err, ERR_UNKNOWN_NAME, "claims.csv has no claim '%s'", cells[0].text);
    return fail(reading, &cells[0]);
  }
  row.expected = strcmp(cells[3].text, "breaks") == 0 ? CLAIM_BREAKS : CLAIM_HOLDS;
  if (strcmp(cells[3].text, claim_verdict_names[row.expected]) != 0) {
    err_set(reading->err, ERR_UNKNOWN_NAME, "'%s' is neither holds nor breaks", cells[3].text);
    return fail(reading, &cells[3]);
  }
  if (!take_anomalies(reading, &cells[4], &row)) return false;
  POOL_GROW(claims->pool, claims->rows, claims->row_count, claims->row_capacity);
  claims->rows[claims->row_count++] = row;
  return true;
}

static const struct yaml_source *read_table(struct reading *reading, const char *name) {
  struct claims *claims = reading->claims;
  const char *path = pool_print(claims->pool, "%s/%s", claims->folder, name);
  const struct yaml_source *source = csv_in_file(claims->pool, path, NULL, reading->err);
  if (!source || !csv_in_read(source, on_row, reading, reading->err)) return NULL;
  return source;
}

static bool is_named(const struct claims *claims, const char *scenario) {
  for (size_t i = 0; i < claims->row_count; i++)
    if (strcmp(claims->rows[i].scenario, scenario) == 0) return true;
  return false;
}

static void find_unnamed(struct claims *claims) {
  static const char ending[] = ".yaml";
  glob_t files;
  const char *pattern = pool_print(claims->pool, "%s/*%s", claims->folder, ending);
  const int found = glob(pattern, 0, NULL, &files);
  ASSERT(found == 0 || found == GLOB_NOMATCH || found == GLOB_ABORTED);
  for (size_t i = 0; found == 0 && i < files.gl_pathc; i++) {
    const char *base = strrchr(files.gl_pathv[i], '/') + 1;
    const char *name = pool_text(claims->pool, base, strlen(base) - strlen(ending));
    if (is_named(claims, name)) continue;
    POOL_GROW(claims->pool, claims->unnamed, claims->unnamed_count, claims->unnamed_capacity);
    claims->unnamed[claims->unnamed_count++] = name;
  }
  if (found == 0) globfree(&files);
}

bool claims_load(const char *folder, struct claims *out, struct err *err) {
  static const char *const claim_columns[] = {"claim", "text", "finding"};
  static const char *const row_columns[] = {"claim", "scenario", "row", "verdict", "anomalies"};
  *out = (struct claims){.pool = pool_new()};
  out->folder = pool_text(out->pool, folder, strlen(folder));
  struct reading claims = {out, claim_columns, 3, take_claim, false, err};
  struct reading rows = {out, row_columns, 5, take_row, false, err};
  if (!read_table(&claims, "claims.csv") || !(out->verdicts = read_table(&rows, "verdicts.csv"))) {
    claims_free(out);
    return false;
  }
  find_unnamed(out);
  return true;
}

void claims_free(struct claims *claims) {
  pool_free(claims->pool);
  *claims = (struct claims){0};
}

/* ---- what comes of them ---- */

static bool load_with_seeds(const char *path, const struct registry *registry,
                            struct scenario *out, struct err *err) {
  if (!scenario_load(path, registry, NULL, 0, 0, out, err)) return false;
  if (out->seed_count >= CLAIMS_SEEDS_MIN) return true;
  scenario_free(out);
  return scenario_load(path, registry, NULL, 0, CLAIMS_SEEDS_MIN, out, err);
}

/* The first expectation that is not met, in words; NULL: all are. */
static const char *unmet(struct claims *claims, const struct campaign *campaign) {
  const struct scenario *scenario = campaign->scenario;
  if (scenario->expectation_count == 0) return "the scenario expects nothing";
  for (size_t i = 0; i < scenario->expectation_count; i++)
    if (!campaign->expectations[i].holds)
      return pool_print(claims->pool, "%s: %s", scenario->expectations[i].text,
                        campaign->expectations[i].found);
  return NULL;
}

static enum claim_verdict counted(const struct campaign *campaign, size_t plan,
                                  struct claim_row *row) {
  size_t seen = 0;
  for (size_t i = 0; i < row->anomaly_count; i++) {
    row->found[i] = campaign_pooled(campaign, plan, row->anomalies[i]);
    if (row->found[i] > 0) seen++;
  }
  return seen == 0 ? CLAIM_HOLDS : seen == row->anomaly_count ? CLAIM_BREAKS : CLAIM_MIXED;
}

static bool judge_row(struct claims *claims, const struct campaign *campaign,
                      struct claim_row *row, struct err *err) {
  const struct scenario *scenario = campaign->scenario;
  size_t plan = 0;
  while (plan < scenario->plan_count && strcmp(scenario->plans[plan].label, row->row) != 0) plan++;
  if (plan == scenario->plan_count) {
    err_set(err, ERR_UNKNOWN_NAME, "%s has no row '%s'", row->scenario, row->row);
    return yaml_fail_at(claims->verdicts, row->line, 1, err);
  }
  row->measured = counted(campaign, plan, row);
  row->why = unmet(claims, campaign);
  if (row->why)
    row->measured = CLAIM_UNEXPECTED;
  else if (campaign->verdict != VERDICT_HELD)
    row->measured = CLAIM_INCONCLUSIVE;
  return true;
}

/* Runs a scenario and judges all rows that are about it, from the first on. */
static bool measure(struct claims *claims, size_t first, const struct registry *registry,
                    const struct campaign_options *options, struct err *err) {
  const char *name = claims->rows[first].scenario;
  struct scenario scenario;
  struct campaign campaign;
  if (!load_with_seeds(pool_print(claims->pool, "%s/%s.yaml", claims->folder, name), registry,
                       &scenario, err))
    return false;
  campaign_run(&scenario, options, &campaign);
  bool good = true;
  for (size_t i = first; good && i < claims->row_count; i++)
    if (strcmp(claims->rows[i].scenario, name) == 0)
      good = judge_row(claims, &campaign, &claims->rows[i], err);
  campaign_free(&campaign);
  scenario_free(&scenario);
  return good;
}

bool claims_measure(struct claims *claims, const struct registry *registry, unsigned workers,
                    const char *command, struct err *err) {
  const struct campaign_options options = {.workers = workers, .command = command};
  for (size_t i = 0; i < claims->row_count; i++) {
    size_t first = 0;
    while (strcmp(claims->rows[first].scenario, claims->rows[i].scenario) != 0) first++;
    if (first == i && !measure(claims, i, registry, &options, err)) return false;
  }
  return true;
}

size_t claims_expected(const struct claims *claims, size_t claim, enum claim_verdict verdict) {
  size_t count = 0;
  for (size_t i = 0; i < claims->row_count; i++)
    count += claims->rows[i].claim == claim && claims->rows[i].expected == verdict;
  return count;
}

bool claims_confirmed(const struct claims *claims, size_t claim) {
  for (size_t i = 0; i < claims->row_count; i++)
    if (claims->rows[i].claim == claim && claims->rows[i].measured != claims->rows[i].expected)
      return false;
  return claims_expected(claims, claim, CLAIM_HOLDS) > 0 &&
         claims_expected(claims, claim, CLAIM_BREAKS) > 0;
}

bool claims_all_confirmed(const struct claims *claims) {
  for (size_t i = 0; i < claims->count; i++)
    if (!claims_confirmed(claims, i)) return false;
  return claims->unnamed_count == 0;
}
