/* What the sections of a report are made of. */
#include "sim/runner/report_html_parts.h"

#include "sim/base/assert.h"
#include "sim/runner/human.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_WHOLE 28 /* a longer one may be broken into lines */

void report_table(struct html_out *html, const char *caption) {
  html_begin(html, "div", "class", "scroll", "role", "region", "aria-label", caption, "tabindex", "0", NULL);
  html_begin(html, "table", NULL);
  html_begin(html, "caption", NULL);
  html_element(html, "span", caption, NULL);
  html_end(html, "caption");
}

void report_table_end(struct html_out *html) {
  html_end(html, "tbody");
  html_end(html, "table");
  html_end(html, "div");
}

static void head(struct html_out *html, const char *text) {
  const bool number = text[0] == '>';
  html_element(html, "th", text + number, "scope", "col", "class", number ? "number" : NULL, NULL);
}

void report_heads(struct html_out *html, const char *const *heads, size_t count) {
  html_begin(html, "thead", NULL);
  html_begin(html, "tr", NULL);
  for (size_t i = 0; i < count; i++) head(html, heads[i]);
  html_end(html, "tr");
  html_end(html, "thead");
  html_begin(html, "tbody", NULL);
}

void report_cell(struct html_out *html, const char *text) { html_element(html, "td", text, NULL); }
void report_number(struct html_out *html, const char *text) { html_element(html, "td", text, "class", "number", NULL); }
void report_label(struct html_out *html, const char *text) {
  html_element(html, "th", text, "scope", "row", "class", human_width(text) <= LABEL_WHOLE ? "name" : NULL, NULL);
}

void report_word(struct html_out *html, enum verdict verdict) {
  static const char *const signs[VERDICT__COUNT] = {"\xe2\x9c\x93", "?", "\xe2\x9c\x97"}; /* ✓ ? ✗ */
  html_begin(html, "span", "class", verdict_names[verdict], NULL);
  html_element(html, "span", signs[verdict], "aria-hidden", "true", NULL);
  html_print(html, " %s", verdict_names[verdict]);
  html_end(html, "span");
}

bool report_fold(struct html_out *html, size_t lines, size_t most, const char *what, bool open) {
  if (lines <= most) return false;
  html_begin(html, "details", "open", open ? "open" : NULL, NULL);
  html_begin(html, "summary", NULL);
  html_print(html, "%s: %zu lines", what, lines);
  html_end(html, "summary");
  return true;
}

void report_fold_end(struct html_out *html, bool folded) {
  if (folded) html_end(html, "details");
}

void report_swept_heads(const struct scenario *scenario, struct html_out *html) {
  for (size_t i = 0; i < scenario->sweep_count; i++)
    html_element(html, "th", scenario->sweep[i].path, "scope", "col", "class", "number", NULL);
}

void report_swept_cells(const struct scenario *scenario, size_t plan, struct html_out *html) {
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const uint32_t value = scenario->points[plan].values[i];
    report_number(html, value == SWEEP_NONE ? "-" : scenario->sweep[i].texts[value]);
  }
}

void report_paragraph(const struct campaign *campaign, void (*write)(const struct campaign *, FILE *),
                      const char *class, struct html_out *html) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  write(campaign, out);
  ASSERT(fclose(out) == 0);
  char *begin = text;
  while (isspace((unsigned char)*begin)) begin++;
  for (char *end = text + length; end > begin && isspace((unsigned char)end[-1]); end--) end[-1] = '\0';
  if (*begin != '\0') html_element(html, "p", begin, "class", class, NULL);
  free(text);
}

void report_shell_word(FILE *out, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:+,%@-";
  if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
    fputs(word, out);
    return;
  }
  fputc('\'', out);
  for (; *word != '\0'; word++)
    if (*word == '\'')
      fputs("'\\''", out);
    else
      fputc(*word, out);
  fputc('\'', out);
}

void report_command(struct html_out *html, const char *text) {
  html_begin(html, "pre", "class", "command", "tabindex", "0", NULL);
  html_element(html, "code", text, NULL);
  html_end(html, "pre");
}
