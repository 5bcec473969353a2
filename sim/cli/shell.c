#include "sim/cli/shell.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the quotes of bash, ksh and zsh that have escapes: what is printed is to be read, too. */
static void put_escaped(FILE *out, const char *word) {
  fputs("$'", out);
  while (*word != '\0') {
    const char *at = word;
    if (printable_next(&word) == 0)
      for (; at < word; at++) fprintf(out, "\\%03o", (unsigned)(unsigned char)*at);
    else
      fprintf(out, "%s%.*s", *at == '\'' || *at == '\\' ? "\\" : "", (int)(word - at), at);
  }
  fputc('\'', out);
}

static void put_word(FILE *out, const char *word) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:+,%@-";
  if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
    fputs(word, out);
    return;
  }
  for (const char *at = word; *at != '\0';)
    if (printable_next(&at) == 0) return put_escaped(out, word);
  fputc('\'', out);
  for (; *word != '\0'; word++)
    if (*word == '\'')
      fputs("'\\''", out);
    else
      fputc(*word, out);
  fputc('\'', out);
}

/* Takes `:secret` out of //user:secret@host, and the value out of password=secret. */
static void leave_out_password(char *word) {
  char *user = strstr(word, "://");
  if (!user) return;
  user += 3;
  const size_t length = strcspn(user, "/?#");
  char *at = memchr(user, '@', length);
  for (char *next = at; next; next = memchr(next + 1, '@', (size_t)(user + length - next - 1))) at = next;
  char *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
  if (colon) memmove(colon, at, strlen(at) + 1);
  static const char key[] = "password=";
  for (char *value = word; (value = strstr(value, key)) != NULL;) {
    value += strlen(key);
    char *end = value + strcspn(value, "&");
    memmove(value, end, strlen(end) + 1);
  }
}

static void put_public(FILE *out, const char *word) {
  char *copy = strdup(word);
  ASSERT(copy);
  leave_out_password(copy);
  put_word(out, copy);
  free(copy);
}

static FILE *open_text(char **text, size_t *size) {
  FILE *out = open_memstream(text, size);
  ASSERT(out != NULL);
  return out;
}

char *shell_command(int argc, char *const *argv) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_text(&text, &size);
  fputs("dgsim", out);
  for (int i = 0; i < argc; i++) {
    fputc(' ', out);
    put_public(out, argv[i]);
  }
  fclose(out);
  return text;
}

static void put_options(FILE *out, const char *name, const char *const *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    fprintf(out, " %s ", name);
    put_word(out, values[i]);
  }
}

char *shell_reproduce(const char *path, const struct options *options) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_text(&text, &size);
  fputs("dgsim run ", out);
  put_word(out, path);
  put_options(out, "--vary", options->varies, options->vary_count);
  put_options(out, "--set", options->sets, options->set_count);
  fclose(out);
  return text;
}
