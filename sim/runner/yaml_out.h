/* Text on its way into a YAML file, so that the reader gets it back as it was. */
#ifndef SIM_RUNNER_YAML_OUT_H
#define SIM_RUNNER_YAML_OUT_H

#include "sim/runner/pool.h"

/* In double quotes, every odd character escaped; a byte that is no UTF-8 becomes `?`. */
const char *yaml_quoted(struct pool *pool, const char *text);
/* As it is where that can only be a word, within a flow list too; else quoted. */
const char *yaml_word(struct pool *pool, const char *text);
/* `[a, "b c"]`, of a NULL-terminated list. */
const char *yaml_list(struct pool *pool, const char *const *words);

/* What a program has printed, so that it can be shown, and written into any file: what is no UTF-8 becomes `?`,
 * control characters but the end of a line become blanks. */
void text_tidy(char *text);

#endif
