#include "sim/base/suggest.h"

#include <string.h>

#define WORD_MAX 63

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Optimal string alignment: three rows of the table are enough, since a swap looks two rows back. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  size_t rows[3][WORD_MAX + 1];
  for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t *now = rows[i % 3];
    const size_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      now[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = least(now[j], two_above[j - 2] + 1);
    }
  }
  return rows[a_length % 3][b_length];
}

const char *suggest(const char *word, const char *const *words, size_t count) {
  size_t length = strlen(word);
  if (length > WORD_MAX) return NULL;
  size_t nearest = length / 3 > 1 ? length / 3 : 1;
  const char *found = NULL;
  for (size_t i = 0; i < count; i++) {
    size_t candidate_length = strlen(words[i]);
    if (candidate_length > WORD_MAX) continue;
    size_t d = distance(word, length, words[i], candidate_length);
    if (d < nearest || (d == nearest && !found)) {
      nearest = d;
      found = words[i];
    }
  }
  return found;
}
