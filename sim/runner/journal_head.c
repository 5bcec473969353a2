/* The head of a journal: text, so that a person can see whose it is. */
#include "sim/runner/journal_head.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_LINE "dgsim journal "
#define FORMAT "1"

/* --- Writing --- */

static void put_text(FILE *out, const char *word, const char *text) {
  fprintf(out, "%s ", word);
  for (const unsigned char *c = (const unsigned char *)text; *c; c++)
    if (*c < ' ' || *c == 0x7f || *c == '%')
      fprintf(out, "%%%02x", *c);
    else
      fputc(*c, out);
  fputc('\n', out);
}

char *journal_head_print(const struct journal_head *head, size_t *out_length, uint64_t *out_key) {
  char *text = NULL;
  FILE *out = open_memstream(&text, out_length);
  ASSERT(out);
  fputs(FIRST_LINE FORMAT "\n", out);
  put_text(out, "version", head->version);
  fprintf(out, "program %016" PRIx64 "\n", head->program);
  put_text(out, "scenario", head->scenario);
  put_text(out, "path", head->path);
  for (size_t i = 0; i < head->word_count; i++) put_text(out, "word", head->words[i]);
  fprintf(out, "resolved %016" PRIx64 "\nitems %" PRIu64 "\nverify %s\nshard %u/%u\n", head->resolved, head->items,
          head->verify ? "yes" : "no", head->shard, head->shards);
  ASSERT(fflush(out) == 0);
  *out_key = XXH3_64bits(text, *out_length);
  fprintf(out, "checksum %016" PRIx64 "\n\n", *out_key);
  ASSERT(fclose(out) == 0);
  return text;
}

/* --- Reading --- */

/* Values while lines are read, in place. */
struct parse {
  struct journal_head *head;
  const char **words;
  bool bad;
};

static const char *text_of(struct parse *parse, char *value) {
  char *to = value;
  for (const char *from = value; *from; from++) {
    unsigned byte;
    if (*from != '%') {
      *to++ = *from;
    } else if (sscanf(from + 1, "%2x", &byte) == 1 && byte != 0 && from[1] && from[2]) {
      *to++ = (char)byte;
      from += 2;
    } else {
      parse->bad = true;
      break;
    }
  }
  *to = '\0';
  return value;
}

static uint64_t number_of(struct parse *parse, const char *value, int base, const char *behind) {
  char *end;
  errno = 0;
  const unsigned long long number = strtoull(value, &end, base);
  if (end == value || errno || strcmp(end, behind) != 0) parse->bad = true;
  return number;
}

static void shard_of(struct parse *parse, char *value) {
  char *slash = strchr(value, '/');
  if (!slash) {
    parse->bad = true;
    return;
  }
  *slash = '\0';
  parse->head->shard = (unsigned)number_of(parse, value, 10, "");
  parse->head->shards = (unsigned)number_of(parse, slash + 1, 10, "");
  if (parse->head->shard < 1 || parse->head->shard > parse->head->shards) parse->bad = true;
}

static void take_line(struct parse *parse, char *line) {
  struct journal_head *head = parse->head;
  char *value = strchr(line, ' ');
  if (!value) {
    parse->bad = true;
    return;
  }
  *value++ = '\0';
  if (strcmp(line, "version") == 0)
    head->version = text_of(parse, value);
  else if (strcmp(line, "program") == 0)
    head->program = number_of(parse, value, 16, "");
  else if (strcmp(line, "scenario") == 0)
    head->scenario = text_of(parse, value);
  else if (strcmp(line, "path") == 0)
    head->path = text_of(parse, value);
  else if (strcmp(line, "word") == 0)
    parse->words[head->word_count++] = text_of(parse, value);
  else if (strcmp(line, "resolved") == 0)
    head->resolved = number_of(parse, value, 16, "");
  else if (strcmp(line, "items") == 0)
    head->items = number_of(parse, value, 10, "");
  else if (strcmp(line, "verify") == 0)
    head->verify = strcmp(value, "yes") == 0;
  else if (strcmp(line, "shard") == 0)
    shard_of(parse, value);
  else
    parse->bad = true;
}

static bool damaged(const char *path, struct err *err) {
  err_set(err, ERR_FORMAT, "the head of this journal is damaged");
  return err_place(err, path, 0, 0, NULL);
}

#define CHECKSUM "\nchecksum "
#define CHECKSUM_LINE (sizeof CHECKSUM - 1 + 16 + 1) /* with the end of the line before it */

/* The checksum's line is the last one; what stands before it is checked. */
static bool check(const char *text, size_t length, uint64_t *out_key) {
  char line[CHECKSUM_LINE + 1];
  if (length < CHECKSUM_LINE) return false;
  const char *begin = text + length - CHECKSUM_LINE;
  *out_key = XXH3_64bits(text, length - CHECKSUM_LINE + 1);
  snprintf(line, sizeof line, CHECKSUM "%016" PRIx64 "\n", *out_key);
  return memcmp(begin, line, CHECKSUM_LINE) == 0;
}

static bool foreign(const char *text, size_t length, const char *path, struct err *err) {
  const size_t first = strlen(FIRST_LINE);
  if (length < first || strncmp(text, FIRST_LINE, first) != 0)
    err_set(err, ERR_FORMAT, "this is no journal of a campaign");
  else if (strncmp(text + first, FORMAT "\n", strlen(FORMAT "\n")) != 0)
    err_set(err, ERR_FORMAT, "a journal of format %.*s; this program has format %s",
            (int)strcspn(text + first, "\n"), text + first, FORMAT);
  else
    return false;
  err_place(err, path, 0, 0, NULL);
  return true;
}

bool journal_head_parse(const char *text, size_t length, const char *path, struct journal_head *out,
                        uint64_t *out_key, struct err *err) {
  *out = (struct journal_head){0};
  if (foreign(text, length, path, err)) return false;
  if (!check(text, length, out_key)) return damaged(path, err);
  size_t lines = 1;
  for (size_t i = 0; i < length; i++) lines += text[i] == '\n';
  char *memory = malloc(lines * sizeof(char *) + length + 1);
  ASSERT(memory);
  struct parse parse = {.head = out, .words = (const char **)(void *)memory};
  char *copy = memory + lines * sizeof(char *);
  memcpy(copy, text, length);
  copy[length] = '\0';
  char *line = strchr(copy, '\n') + 1;
  for (char *end; strncmp(line, "checksum ", 9) != 0 && (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    take_line(&parse, line);
  }
  out->words = parse.words;
  out->memory = memory;
  if (!parse.bad && out->version && out->scenario && out->path && out->shards > 0) return true;
  journal_head_free(out);
  return damaged(path, err);
}

void journal_head_free(struct journal_head *head) {
  free(head->memory);
  *head = (struct journal_head){0};
}

bool journal_head_torn(const char *text, size_t length) {
  const size_t first = strlen(FIRST_LINE FORMAT "\n");
  if (strncmp(text, FIRST_LINE FORMAT "\n", length < first ? length : first) != 0) return false;
  const char *checksum = memmem(text, length, CHECKSUM, strlen(CHECKSUM));
  return !checksum || (size_t)(text + length - checksum) <= CHECKSUM_LINE;
}

/* --- Comparing --- */

/* All of them, one behind the other; the caller's to free. */
static char *joined(const struct journal_head *head) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  ASSERT(out);
  for (size_t i = 0; i < head->word_count; i++) fprintf(out, "%s%s", i > 0 ? " " : "", head->words[i]);
  ASSERT(fclose(out) == 0);
  return text;
}

#define SHOWN 120       /* of what they were loaded with, at most */
#define SHOWN_BEFORE 40 /* of these, so much that is the same */

static void put_words(const char *words, size_t from, char out[SHOWN + 16]) {
  const char *begin = words + from;
  if (words[0] == '\0')
    snprintf(out, SHOWN + 16, "no options");
  else
    snprintf(out, SHOWN + 16, "'%s%.*s%s'", from > 0 ? "..." : "", SHOWN, begin, strlen(begin) > SHOWN ? "..." : "");
}

/* Where they differ, so that it is seen also of long ones. */
static void put_difference(const struct journal_head *a, const char *of_a, const struct journal_head *b,
                           const char *of_b, char *out, size_t size) {
  char *words_a = joined(a), *words_b = joined(b), shown_a[SHOWN + 16], shown_b[SHOWN + 16];
  size_t same = 0;
  while (words_a[same] && words_a[same] == words_b[same]) same++;
  const size_t from = same > SHOWN / 2 ? same - SHOWN_BEFORE : 0;
  put_words(words_a, from, shown_a);
  put_words(words_b, from, shown_b);
  snprintf(out, size, "%s %s, %s %s", of_a, shown_a, of_b, shown_b);
  free(words_a);
  free(words_b);
}

static bool same_words(const struct journal_head *a, const struct journal_head *b) {
  bool same = a->word_count == b->word_count;
  for (size_t i = 0; same && i < a->word_count; i++) same = strcmp(a->words[i], b->words[i]) == 0;
  return same;
}

bool journal_head_same(const struct journal_head *a, const char *of_a, const struct journal_head *b, const char *of_b,
                       char *out_difference, size_t size) {
  if (strcmp(a->version, b->version) != 0) {
    snprintf(out_difference, size, "%s version %.40s, %s version %.40s", of_a, a->version, of_b, b->version);
  } else if (a->program != b->program && a->program != 0 && b->program != 0) {
    snprintf(out_difference, size, "%s another build of the program", of_a);
  } else if (a->verify != b->verify) {
    snprintf(out_difference, size, "%s %s --verify, %s %s it", of_a, a->verify ? "with" : "without", of_b,
             b->verify ? "with" : "without");
  } else if (strcmp(a->scenario, b->scenario) != 0) {
    snprintf(out_difference, size, "%s scenario '%.100s', %s '%.100s'", of_a, a->scenario, of_b, b->scenario);
  } else if (a->resolved == b->resolved && a->items == b->items) {
    return true;
  } else if (!same_words(a, b)) {
    put_difference(a, of_a, b, of_b, out_difference, size);
  } else {
    snprintf(out_difference, size, "%s '%.200s', or a file that it names, was not as it is %s", of_a, b->path, of_b);
  }
  return false;
}
