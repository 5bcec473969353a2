#include "sim/runner/html_out.h"

#include "sim/base/assert.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void html_init(struct html_out *html, FILE *file) { *html = (struct html_out){.file = file}; }

void html_finish(const struct html_out *html) { ASSERT_EQ(html->depth, 0); }

/* Bytes of the UTF-8 character that begins here, 0 when none does: cut off, too long a form, a surrogate. */
static size_t character(const unsigned char *text, size_t length, uint32_t *out) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char first = text[0];
  const size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
  if (size == 0 || size > length) return 0;
  *out = size == 1 ? first : first & (0x7fu >> size);
  for (size_t i = 1; i < size; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    *out = *out << 6 | (text[i] & 0x3fu);
  }
  return *out >= least[size] && *out <= 0x10ffff && (*out < 0xd800 || *out > 0xdfff) ? size : 0;
}

/* What XML 1.0 allows, less the control characters C1 and the return, which HTML would change. */
static bool allowed(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n';
  return (code < 0x7f || code > 0x9f) && code != 0xfffe && code != 0xffff;
}

bool html_is_text(const char *text, size_t length) {
  for (size_t i = 0, size; i < length; i += size) {
    uint32_t code = 0;
    size = character((const unsigned char *)text + i, length - i, &code);
    if (size == 0 || !allowed(code)) return false;
  }
  return true;
}

void html_escape(FILE *file, const char *text, size_t length) {
  const unsigned char *bytes = (const unsigned char *)text;
  for (size_t i = 0; i < length;) {
    uint32_t code = 0;
    const size_t size = character(bytes + i, length - i, &code);
    if (size == 0 || !allowed(code))
      fputs(REPLACEMENT, file);
    else if (code == '&')
      fputs("&amp;", file);
    else if (code == '<')
      fputs("&lt;", file);
    else if (code == '>')
      fputs("&gt;", file);
    else if (code == '"')
      fputs("&quot;", file);
    else if (code == '\'')
      fputs("&#39;", file);
    else
      fwrite(bytes + i, 1, size, file);
    i += size ? size : 1;
  }
}

static void put_tag(struct html_out *html, const char *name, const char *const *attributes) {
  fprintf(html->file, "<%s", name);
  for (; attributes[0]; attributes += 2) {
    const char *value = attributes[1];
    if (!value) continue;
    fprintf(html->file, " %s=\"", attributes[0]);
    html_escape(html->file, value, strlen(value));
    fputc('"', html->file);
  }
}

static void push(struct html_out *html, const char *name) {
  ASSERT(html->depth < HTML_DEPTH_MAX);
  html->open[html->depth++] = name;
}

void html_begin_with(struct html_out *html, const char *name, const char *const *attributes) {
  put_tag(html, name, attributes);
  fputc('>', html->file);
  push(html, name);
}

void html_void_with(struct html_out *html, const char *name, const char *const *attributes) {
  put_tag(html, name, attributes);
  fputs(" />\n", html->file);
}

/* Those behind which a line may not end, as the blank would show. */
static bool is_inline(const char *name) {
  static const char *const names[] = {"a", "code", "span", "strong", "em", "abbr"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

void html_end(struct html_out *html, const char *name) {
  ASSERT(html->depth > 0 && strcmp(html->open[html->depth - 1], name) == 0);
  html->depth--;
  fprintf(html->file, "</%s>%s", name, is_inline(name) ? "" : "\n");
}

void html_element_with(struct html_out *html, const char *name, const char *text, const char *const *attributes) {
  put_tag(html, name, attributes);
  fputc('>', html->file);
  push(html, name);
  html_text(html, text);
  html_end(html, name);
}

void html_text(struct html_out *html, const char *text) { html_escape(html->file, text, strlen(text)); }

void html_print(struct html_out *html, const char *format, ...) {
  char *text = NULL;
  va_list values;
  va_start(values, format);
  const int length = vasprintf(&text, format, values);
  va_end(values);
  ASSERT(length >= 0);
  html_escape(html->file, text, (size_t)length);
  free(text);
}

void html_raw(struct html_out *html, const char *text) { fputs(text, html->file); }
