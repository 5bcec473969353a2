/* Inside of the report: what report_html*.c share. Each part writes one section. */
#ifndef SIM_RUNNER_REPORT_HTML_PARTS_H
#define SIM_RUNNER_REPORT_HTML_PARTS_H

#include "sim/runner/html_out.h"
#include "sim/runner/report_html.h"

#define REPORT_PLANS_MAX 1000  /* lines of a table */
#define REPORT_PLANS_OPEN 40   /* a longer one is folded */
#define REPORT_LINES_OPEN 12   /* likewise, of those that are looked at later */
#define REPORT_FAULTS_MAX 200
#define REPORT_STEPS_MAX 300   /* of a story */
#define REPORT_CHART_MAX (2 << 20)    /* bytes of one */
#define REPORT_SCENARIO_MAX (1 << 18) /* bytes of the resolved form */

typedef void report_part(const struct report_html *report, struct html_out *html);
report_part report_verdict, report_results, report_charts, report_faults, report_anomalies, report_scenario,
    report_again;
/* The style sheet, for <style>: no `<` and no `&` in it. */
void report_style(FILE *out);

/* --- What they are made of --- */

/* A table with its caption, in a box of its own that scrolls when the page is narrow. Ended by report_table_end. */
void report_table(struct html_out *html, const char *caption);
void report_table_end(struct html_out *html);
/* The heading line: ended by a NULL; a heading that begins with '>' is of numbers. */
void report_heads(struct html_out *html, const char *const *heads, size_t count);
void report_cell(struct html_out *html, const char *text);
void report_number(struct html_out *html, const char *text);
/* The first cell of a line. */
void report_label(struct html_out *html, const char *text);
/* A verdict's word, with its colour and a sign. */
void report_word(struct html_out *html, enum verdict verdict);

/* What is longer than `most` lines is folded: begins <details>, open where something in it must be seen. Returns whether
 * it did. */
bool report_fold(struct html_out *html, size_t lines, size_t most, const char *what, bool open);
void report_fold_end(struct html_out *html, bool folded);

/* Whether any contract was broken. */
bool report_broken(const struct campaign *campaign);

/* A plan's values of what is swept: headings and cells. */
void report_swept_heads(const struct scenario *scenario, struct html_out *html);
void report_swept_cells(const struct scenario *scenario, size_t plan, struct html_out *html);

/* What `write` writes, as text, without blanks around it; in a `<p>` of this class where there is any. */
void report_paragraph(const struct campaign *campaign, void (*write)(const struct campaign *, FILE *),
                      const char *class, struct html_out *html);
/* A word as a shell reads it. */
void report_shell_word(FILE *out, const char *word);
/* A command on a line of its own. */
void report_command(struct html_out *html, const char *text);

/* --- Stories --- */

/* What is to be told of a run: a kind of end that some operation of it has. */
struct report_story {
  size_t plan;
  uint64_t seed;
  int fate;        /* enum fate */
  size_t number;   /* of the story in the page, from 1 */
};
/* Runs it again, and writes it. False: no operation ended so. */
bool report_tell(const struct report_html *report, const struct report_story *story, struct html_out *html);
/* The command that tells an operation again; 0 = the first that went wrong. malloc'ed. */
char *report_explain_command(const struct report_html *report, size_t plan, uint64_t seed, uint64_t intent);

#endif
