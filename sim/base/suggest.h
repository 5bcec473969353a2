/* "did you mean": the nearest known word. */
#ifndef SIM_BASE_SUGGEST_H
#define SIM_BASE_SUGGEST_H

#include <stddef.h>

/* The word of `words[0..count)` nearest to `word` by Damerau-Levenshtein distance (optimal string
 * alignment), or NULL when none is within a third of the length of `word` (at least 1). Ties: the first.
 * Words longer than 63 are skipped. */
const char *suggest(const char *word, const char *const *words, size_t count);

#endif
