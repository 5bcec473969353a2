/* Writing HTML that is well-formed XML too, so that a strict parser can check it: every element is ended, every
 * attribute is quoted, and what somebody else wrote cannot end or begin one.
 *
 * [H1] Text and values of attributes are escaped; bytes that are no UTF-8, and characters that XML does not know
 *      (control characters but tab and line feed, U+FFFE and U+FFFF), come out as U+FFFD.
 * [H2] Elements are ended in the order in which they nest; a mistake is an assertion.
 * Names of elements and attributes are the program's own. Failed writes show in ferror(file).
 */
#ifndef SIM_RUNNER_HTML_OUT_H
#define SIM_RUNNER_HTML_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define HTML_DEPTH_MAX 32

struct html_out {
  FILE *file;                       /* borrowed */
  const char *open[HTML_DEPTH_MAX]; /* elements under way, by name, borrowed */
  size_t depth;
};

void html_init(struct html_out *html, FILE *file);
/* All that was begun has been ended. */
void html_finish(const struct html_out *html);

/* `<name attribute="value"…>`. Behind the name, or the text, stand attributes and values in pairs, and NULL; a value of
 * NULL leaves its attribute out. html_void: an element without content, `<meta … />`; html_element: one whose content is
 * a text. */
#define html_begin(html, name, ...) html_begin_with((html), (name), (const char *const[]){__VA_ARGS__})
#define html_void(html, name, ...) html_void_with((html), (name), (const char *const[]){__VA_ARGS__})
#define html_element(html, name, text, ...)                                                                                  \
  html_element_with((html), (name), (text), (const char *const[]){__VA_ARGS__})
void html_begin_with(struct html_out *html, const char *name, const char *const *attributes);
void html_void_with(struct html_out *html, const char *name, const char *const *attributes);
void html_element_with(struct html_out *html, const char *name, const char *text, const char *const *attributes);
void html_end(struct html_out *html, const char *name);

void html_text(struct html_out *html, const char *text);
void html_print(struct html_out *html, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is HTML already, the program's own. */
void html_raw(struct html_out *html, const char *text);

/* Whether [H1] leaves all characters as they are. */
bool html_is_text(const char *text, size_t length);
/* [H1] for a file that has no such writer. */
void html_escape(FILE *file, const char *text, size_t length);

#endif
