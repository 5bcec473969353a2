#include "sim/runner/svg_embed.h"

#include "sim/base/assert.h"
#include "sim/runner/html_out.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define NAME_MAX_ 32

struct embedder {
  const char *at, *end;
  const struct svg_embedding *how;
  FILE *out;
  char open[DEPTH_MAX][NAME_MAX_];
  size_t depth;
  bool done; /* the root was ended */
};

static const char *const elements[] = {"svg", "g", "defs", "title", "desc", "path", "circle", "ellipse", "rect", "line",
                                       "polygon", "polyline", "text", "tspan", "use", "filter", "feFlood",
                                       "feComposite", "clipPath", "linearGradient", "stop", "pattern", "marker"};

static bool is_element(const char *name) {
  for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
    if (strcmp(elements[i], name) == 0) return true;
  return false;
}

static bool begins(const struct embedder *embedder, const char *with) {
  const size_t length = strlen(with);
  return (size_t)(embedder->end - embedder->at) >= length && memcmp(embedder->at, with, length) == 0;
}

static const char *find(const struct embedder *embedder, const char *what) {
  return memmem(embedder->at, (size_t)(embedder->end - embedder->at), what, strlen(what));
}

static void skip_blanks(struct embedder *embedder) {
  while (embedder->at < embedder->end && isspace((unsigned char)*embedder->at)) embedder->at++;
}

static bool take_name(struct embedder *embedder, char out[NAME_MAX_]) {
  size_t length = 0;
  for (; embedder->at < embedder->end && length + 1 < NAME_MAX_; embedder->at++) {
    const char c = *embedder->at;
    if (!isalnum((unsigned char)c) && c != '-' && c != ':' && c != '_') break;
    out[length++] = c;
  }
  out[length] = '\0';
  return length > 0 && isalpha((unsigned char)out[0]);
}

/* `&` only where it begins a reference that XML knows by itself. */
static bool references_are_known(const char *text, size_t length) {
  static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
  for (size_t i = 0; i < length; i++) {
    if (text[i] != '&') continue;
    bool good = false;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      good |= length - i >= strlen(known[k]) && memcmp(text + i, known[k], strlen(known[k])) == 0;
    if (!good) return false;
  }
  return true;
}

/* --- Attributes --- */

/* What the page says instead, of the root; and names of plots, which gnuplot gives to several of one file. */
static bool is_left_out(const char *name, const char *value, size_t length, bool root) {
  static const char plot[] = "gnuplot_";
  if (strcmp(name, "id") == 0) return length >= strlen(plot) && memcmp(value, plot, strlen(plot)) == 0;
  return root && (strcmp(name, "width") == 0 || strcmp(name, "height") == 0);
}

static bool may_be(const char *name, const char *value, size_t length) {
  static const char picture[] = "data:image/";
  if (strncasecmp(name, "on", 2) == 0 || strcmp(name, "style") == 0) return false;
  if (strcmp(name, "href") == 0 || strcmp(name, "xlink:href") == 0)
    return length > 0 && (value[0] == '#' || (length > strlen(picture) && memcmp(value, picture, strlen(picture)) == 0));
  for (size_t i = 0; i + 4 <= length; i++)
    if (strncasecmp(value + i, "url(", 4) == 0 && (i + 4 == length || value[i + 4] != '#')) return false;
  return true;
}

/* [S2] */
static void put_value(const struct embedder *embedder, const char *name, const char *value, size_t length) {
  const bool reference = strcmp(name, "href") == 0 || strcmp(name, "xlink:href") == 0;
  if (strcmp(name, "id") == 0) fprintf(embedder->out, "%s-", embedder->how->prefix);
  for (size_t i = 0; i < length; i++) {
    const bool place = value[i] == '#' && ((reference && i == 0) || (i >= 4 && strncasecmp(value + i - 4, "url(", 4) == 0));
    fputc(value[i], embedder->out);
    if (place) fprintf(embedder->out, "%s-", embedder->how->prefix);
  }
}

static bool copy_attribute(struct embedder *embedder, bool root) {
  char name[NAME_MAX_];
  if (!take_name(embedder, name)) return false;
  skip_blanks(embedder);
  if (!begins(embedder, "=")) return false;
  embedder->at++;
  skip_blanks(embedder);
  if (embedder->at == embedder->end || (*embedder->at != '"' && *embedder->at != '\'')) return false;
  const char quote = *embedder->at++, *value = embedder->at;
  const char *end = memchr(value, quote, (size_t)(embedder->end - value));
  if (!end) return false;
  const size_t length = (size_t)(end - value);
  embedder->at = end + 1;
  if (memchr(value, '<', length) || !references_are_known(value, length) || !may_be(name, value, length)) return false;
  if (is_left_out(name, value, length, root)) return true;
  fprintf(embedder->out, " %s=%c", name, quote);
  put_value(embedder, name, value, length);
  fputc(quote, embedder->out);
  return true;
}

/* --- Elements --- */

static void put_name(const struct embedder *embedder) {
  const struct svg_embedding *how = embedder->how;
  fprintf(embedder->out, " role=\"img\" aria-labelledby=\"%s-name\" aria-describedby=\"%s-about\">\n<title id=\"%s-name\">",
          how->prefix, how->prefix, how->prefix);
  html_escape(embedder->out, how->title, strlen(how->title));
  fprintf(embedder->out, "</title>\n<desc id=\"%s-about\">", how->prefix);
  html_escape(embedder->out, how->about, strlen(how->about));
  fputs("</desc>\n", embedder->out);
}

static bool end_element(struct embedder *embedder) {
  char name[NAME_MAX_];
  embedder->at += 2;
  if (!take_name(embedder, name)) return false;
  skip_blanks(embedder);
  if (!begins(embedder, ">") || embedder->depth == 0 || strcmp(embedder->open[embedder->depth - 1], name) != 0)
    return false;
  embedder->at++;
  embedder->done = --embedder->depth == 0;
  fprintf(embedder->out, "</%s>", name);
  return true;
}

/* A title or description, from behind its name to behind its end: a text, which is left out. */
static bool skip_text(struct embedder *embedder, const char *name) {
  char end[NAME_MAX_ + 4];
  snprintf(end, sizeof end, "</%s>", name);
  const char *found = find(embedder, end);
  const char *open = found ? memchr(embedder->at, '<', (size_t)(found - embedder->at)) : NULL;
  if (!found || open) return false;
  embedder->at = found + strlen(end);
  return true;
}

static bool begin_element(struct embedder *embedder) {
  char name[NAME_MAX_];
  embedder->at++;
  if (!take_name(embedder, name) || !is_element(name)) return false;
  const bool root = embedder->depth == 0;
  if (root != (strcmp(name, "svg") == 0)) return false;
  if (strcmp(name, "title") == 0 || strcmp(name, "desc") == 0) return skip_text(embedder, name);
  fprintf(embedder->out, "<%s", name);
  for (;;) {
    skip_blanks(embedder);
    if (begins(embedder, "/>") && !root) {
      embedder->at += 2;
      return fputs("/>", embedder->out) >= 0;
    }
    if (begins(embedder, ">")) break;
    if (!copy_attribute(embedder, root)) return false;
  }
  embedder->at++;
  if (root)
    put_name(embedder);
  else
    fputc('>', embedder->out);
  if (embedder->depth == DEPTH_MAX) return false;
  memcpy(embedder->open[embedder->depth++], name, sizeof name);
  return true;
}

static bool copy_text(struct embedder *embedder) {
  const char *end = memchr(embedder->at, '<', (size_t)(embedder->end - embedder->at));
  if (!end || !references_are_known(embedder->at, (size_t)(end - embedder->at))) return false;
  fwrite(embedder->at, 1, (size_t)(end - embedder->at), embedder->out);
  embedder->at = end;
  return true;
}

static bool copy(struct embedder *embedder) {
  const char *root = find(embedder, "<svg");
  if (!root) return false;
  embedder->at = root;
  while (!embedder->done && embedder->at < embedder->end) {
    const bool good = begins(embedder, "</")  ? end_element(embedder)
                      : begins(embedder, "<") ? begin_element(embedder)
                                              : copy_text(embedder);
    if (!good) return false;
  }
  skip_blanks(embedder);
  return embedder->done && embedder->at == embedder->end;
}

bool svg_embed(const char *text, size_t length, const struct svg_embedding *how, FILE *out) {
  char *copied = NULL;
  size_t size = 0;
  struct embedder embedder = {.at = text, .end = text + length, .how = how, .out = open_memstream(&copied, &size)};
  ASSERT(embedder.out);
  const bool good = html_is_text(text, length) && copy(&embedder);
  ASSERT(fclose(embedder.out) == 0);
  if (good) {
    fwrite(copied, 1, size, out);
    fputc('\n', out);
  }
  free(copied);
  return good;
}
