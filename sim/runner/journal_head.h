/* The head of a journal as text, for journal.c and journal_read.c alone. */
#ifndef SIM_RUNNER_JOURNAL_HEAD_H
#define SIM_RUNNER_JOURNAL_HEAD_H

#include "sim/runner/journal.h"

/* With the empty line; malloc'ed. *out_key: its checksum, which rows are bound to. */
char *journal_head_print(const struct journal_head *head, size_t *out_length, uint64_t *out_key);

/* Of text without the empty line. False: a clear error, and nothing to free. */
bool journal_head_parse(const char *text, size_t length, const char *path, struct journal_head *out,
                        uint64_t *out_key, struct err *err);

/* Whether this, all that there is and without an empty line, is the beginning of a head. */
bool journal_head_torn(const char *text, size_t length);

#endif
