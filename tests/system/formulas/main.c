/* Every closed form, through the whole simulator: formulas.h.
 *   formulas [--short] [--off SHARE] [FORMULA]
 *     --off 0.2    with every formula that much too large: each finding but the exact ones is to disagree
 *     2.4          these only
 * Prints a table in Markdown, and a last line with the counts. Exit status 1: something disagrees. */
#include "tests/system/formulas/formulas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *number;
  void (*make)(struct findings *);
} sections[] = {
#define X(number, name) {number, formulas_##name},
    FORMULAS(X)
#undef X
};

static const char *const kinds[] = {"share", "count", "mean", "exact"};

/* Rounded so that what two compilers compute prints alike. */
static void number(char out[32], double value) {
  snprintf(out, 32, "%.4g", value);
}

static void range(double from, double to) {
  char low[32], high[32];
  number(low, from);
  number(high, to);
  fputs(low, stdout);
  if (strcmp(low, high) != 0) printf(" to %s", high);
}

static void print(const struct finding *finding) {
  const char *settings = strchr(finding->scenario, ' ');
  int name = settings ? (int)(settings - finding->scenario) : (int)strlen(finding->scenario);
  if (settings && settings[-1] == ':') name--;
  printf("| %s | %s | `%.*s`%s | ", finding->formula, finding->quantity, name, finding->scenario,
         finding->scenario + name);
  if (finding->kind == FINDING_EXACT) {
    range(finding->expected, finding->expected_most);
    printf(" | ");
    range(finding->low, finding->high);
    printf(" | exact | any | ");
  } else {
    range(finding->expected, finding->expected);
    printf(" | ");
    range(finding->observed, finding->observed);
    printf(" | ");
    range(finding->low, finding->high);
    printf(" (%s, n = %llu) | %.1f %% | ", kinds[finding->kind], (unsigned long long)finding->n,
           100 * finding->refuses);
  }
  printf("%s |\n", finding->agrees ? "yes" : "**no**");
}

int main(int count, char **words) {
  struct findings findings = {.whole = true};
  for (int i = 1; i < count; i++) {
    if (strcmp(words[i], "--short") == 0)
      findings.whole = false;
    else if (strcmp(words[i], "--off") == 0 && i + 1 < count)
      findings.off = strtod(words[++i], NULL);
    else if (words[i][0] != '-')
      findings.only = words[i];
    else {
      fprintf(stderr, "formulas: '%s' is none of --short, --off SHARE, a formula's number\n", words[i]);
      return 64;
    }
  }
  printf("| formula | quantity | scenario | formula says | observed | interval | refuses errors from | agrees |\n"
         "|---|---|---|---:|---:|---|---:|---|\n");
  size_t agree = 0, printed = 0, exact = 0, ten = 0, five = 0;
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    if (findings.only && strcmp(findings.only, sections[i].number) != 0) continue;
    findings.formula = sections[i].number;
    sections[i].make(&findings);
    for (; printed < findings.count; printed++) {
      print(&findings.items[printed]);
      agree += findings.items[printed].agrees;
      bool chance = findings.items[printed].kind != FINDING_EXACT;
      exact += !chance;
      ten += chance && findings.items[printed].refuses <= 0.10;
      five += chance && findings.items[printed].refuses <= 0.05;
    }
    fflush(stdout);
  }
  printf("\n%zu of %zu findings agree, %zu of them exact; of the others each would refuse a formula that is 20 %% off, "
         "%zu one that is 10 %% off, %zu one that is 5 %% off\n",
         agree, findings.count, exact, ten, five);
  free(findings.items);
  return agree == findings.count ? 0 : 1;
}
