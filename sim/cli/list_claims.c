/* dgsim list claims: the table is measured each time it is printed. */
#include "sim/cli/list_claims.h"

#include "sim/base/printable.h"
#include "sim/runner/claims.h"

#include <inttypes.h>
#include <string.h>

#define FOLDER "scenarios/claims"

static bool has_rows(const struct claims *claims, size_t claim) {
  return claims_expected(claims, claim, CLAIM_HOLDS) + claims_expected(claims, claim, CLAIM_BREAKS) > 0;
}

static const char *verdict_of(const struct claims *claims, size_t claim) {
  if (!has_rows(claims, claim)) return "no scenario";
  if (!claims_confirmed(claims, claim)) return "NOT AS EXPECTED";
  return claims->items[claim].finding[0] ? "qualified" : "confirmed";
}

static void print_row(const struct claim_row *row) {
  const bool expected = row->measured == row->expected;
  printf("  %-6s  %-36s  %-38s  ", claim_verdict_names[row->expected], row->scenario, row->row);
  for (size_t i = 0; i < row->anomaly_count; i++)
    printf("%s%s = %" PRId64, i > 0 ? ", " : "", metric_rows[row->anomalies[i]].name, row->found[i]);
  putchar('\n');
  if (expected) return;
  printf("    MEASURED %s%s%s\n", claim_verdict_names[row->measured], row->why ? ": " : "",
         row->why ? row->why : "");
}

static void print_claim(const struct claims *claims, size_t claim) {
  const struct claim *item = &claims->items[claim];
  printf("%s  %-15s  %s\n", item->id, verdict_of(claims, claim), item->text);
  if (item->finding[0]) printf("  found instead: %s\n", item->finding);
  for (size_t i = 0; i < claims->row_count; i++)
    if (claims->rows[i].claim == claim) print_row(&claims->rows[i]);
  const bool none = !has_rows(claims, claim);
  for (int verdict = CLAIM_HOLDS; verdict <= CLAIM_BREAKS && !none; verdict++)
    if (claims_expected(claims, claim, (enum claim_verdict)verdict) == 0)
      printf("    MISSING a row that %s\n", claim_verdict_names[verdict]);
}

static void print_sum(const struct claims *claims) {
  size_t confirmed = 0, qualified = 0;
  for (size_t i = 0; i < claims->count; i++) {
    if (!claims_confirmed(claims, i)) continue;
    confirmed++;
    qualified += claims->items[i].finding[0] != '\0';
  }
  for (size_t i = 0; i < claims->unnamed_count; i++)
    printf("%s/verdicts.csv does not name %s\n", PRINTABLE(claims->folder), PRINTABLE(claims->unnamed[i]));
  printf("\n%zu of %zu claims as expected, %zu of them qualified; %zu rows, each over %d seeds or more\n",
         confirmed, claims->count, qualified, claims->row_count, CLAIMS_SEEDS_MIN);
}

enum status list_claims(const struct registry *registry, const char *folder, struct err *err) {
  struct claims claims;
  if (!claims_load(folder ? folder : FOLDER, &claims, err)) {
    err_note(err, "the folder with claims.csv is " FOLDER " unless given: dgsim list claims FOLDER");
    return STATUS_USAGE;
  }
  enum status status = STATUS_USAGE;
  if (claims_measure(&claims, registry, 0, "dgsim list claims", err)) {
    for (size_t i = 0; i < claims.count; i++) print_claim(&claims, i);
    print_sum(&claims);
    status = claims_all_confirmed(&claims) ? STATUS_HELD : STATUS_VIOLATED;
  }
  claims_free(&claims);
  return status;
}
