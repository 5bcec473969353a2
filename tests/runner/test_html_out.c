#include "sim/runner/html_out.h"
#include "sim/runner/svg_embed.h"
#include "tests/run_suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static char *written;
static size_t written_size;
static FILE *out;

static void setup(void) { out = open_memstream(&written, &written_size); }
static void teardown(void) {
  fclose(out);
  free(written);
}
static const char *text(void) {
  fflush(out);
  return written;
}

#define LOST "\xef\xbf\xbd"

START_TEST(nothing_that_somebody_wrote_begins_or_ends_an_element) {
  struct html_out html;
  html_init(&html, out);
  html_element(&html, "td", "<script>&\"'</td>", "title", "\"><script>'&", NULL);
  ck_assert_str_eq(text(), "<td title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">&lt;script&gt;&amp;&quot;&#39;&lt;/td&gt;</td>\n");
  html_finish(&html);
}
END_TEST

/* What is written, and what comes of it. */
static const struct {
  const char *given, *wanted;
} characters[] = {
    {"plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"tab\tand\nline", "tab\tand\nline"},
    {"\x01\x1b[31m\r", LOST LOST "[31m" LOST},
    {"\x7f\xc2\x85", LOST LOST},             /* DEL, and one of C1 */
    {"\xff\xc3", LOST LOST},                 /* no UTF-8; cut off */
    {"\xc0\xbc", LOST LOST},                 /* `<` in a form that is too long */
    {"\xe0\x80\xbc", LOST LOST LOST},        /* likewise */
    {"\xed\xa0\x80", LOST LOST LOST},        /* a surrogate */
    {"\xef\xbf\xbe\xef\xbf\xbf", LOST LOST}, /* U+FFFE, U+FFFF */
    {"\xf4\x90\x80\x80", LOST LOST LOST LOST}, /* behind the last */
};

START_TEST(characters_that_xml_lacks_are_replaced) {
  html_escape(out, characters[_i].given, strlen(characters[_i].given));
  ck_assert_str_eq(text(), characters[_i].wanted);
  ck_assert_int_eq(html_is_text(characters[_i].given, strlen(characters[_i].given)), _i < 2);
}
END_TEST

START_TEST(attributes_without_a_value_are_left_out) {
  struct html_out html;
  html_init(&html, out);
  html_begin(&html, "p", "class", NULL, "id", "x", NULL);
  html_print(&html, "%d < %s", 1, "2");
  html_void(&html, "br", NULL);
  html_end(&html, "p");
  ck_assert_str_eq(text(), "<p id=\"x\">1 &lt; 2<br />\n</p>\n");
}
END_TEST

START_TEST(elements_end_as_they_nest) {
  struct html_out html;
  html_init(&html, out);
  html_begin(&html, "p", NULL);
  html_begin(&html, "em", NULL);
  html_end(&html, "p");
}
END_TEST

START_TEST(a_page_is_finished_when_all_is_ended) {
  struct html_out html;
  html_init(&html, out);
  html_begin(&html, "p", NULL);
  html_finish(&html);
}
END_TEST

/* --- SVG in it --- */

static const struct svg_embedding how = {.prefix = "chart-1", .title = "A <title>", .about = "what & how"};
#define ROOT "<svg role=\"img\" aria-labelledby=\"chart-1-name\" aria-describedby=\"chart-1-about\">\n" \
             "<title id=\"chart-1-name\">A &lt;title&gt;</title>\n<desc id=\"chart-1-about\">what &amp; how</desc>\n"

START_TEST(ids_and_what_refers_to_them_get_a_prefix) {
  static const char svg[] = "<?xml version=\"1.0\"?>\n<svg \n width=\"9\" height='9' viewBox=\"0 0 9 9\">"
                            "<title>Gnuplot</title><desc>x</desc><g id=\"gnuplot_plot_1\" ><title>plot</title>"
                            "<path id='p' d='M0,0' fill=\"url(#q)\"/><use xlink:href='#p'/>"
                            "<text fill=\"#ffffff\">&lt;a&gt; # 1</text></g></svg>\n";
  ck_assert(svg_embed(svg, strlen(svg), &how, out));
  const char *root = strstr(text(), "viewBox");
  ck_assert_ptr_nonnull(root);
  ck_assert_int_eq(strncmp(text(), "<svg viewBox=\"0 0 9 9\" role=", 28), 0);
  ck_assert_ptr_nonnull(strstr(text(), "<g><path id='chart-1-p' d='M0,0' fill=\"url(#chart-1-q)\"/>"
                                       "<use xlink:href='#chart-1-p'/><text fill=\"#ffffff\">&lt;a&gt; # 1</text></g></svg>\n"));
  ck_assert_ptr_null(strstr(text(), "Gnuplot"));
  ck_assert_ptr_null(strstr(text(), "plot"));
}
END_TEST

START_TEST(the_root_has_a_name) {
  static const char svg[] = "<svg></svg>";
  ck_assert(svg_embed(svg, strlen(svg), &how, out));
  ck_assert_str_eq(text(), ROOT "</svg>\n");
}
END_TEST

/* Each would be more than a picture, or less than a document. */
static const char *const refused[] = {
    "",
    "no picture",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style>* { fill: red }</style></svg>",
    "<svg><foreignObject></foreignObject></svg>",
    "<svg><image href=\"http://example.org/x.png\"/></svg>",
    "<svg><use xlink:href=\"x.svg#a\"/></svg>",
    "<svg><path fill=\"url(http://example.org/)\"/></svg>",
    "<svg><path style=\"fill: red\"/></svg>",
    "<svg onload=\"alert(1)\"></svg>",
    "<svg><g OnClick='x'></g></svg>",
    "<svg><g></svg>",
    "<svg><g></g>",
    "<svg></g></svg>",
    "<svg></svg><svg></svg>",
    "<svg></svg>behind",
    "<svg><!-- x --></svg>",
    "<svg><text>&nbsp;</text></svg>",
    "<svg><text>a & b</text></svg>",
    "<svg><g id=x></g></svg>",
    "<svg><g id></g></svg>",
    "<svg><g id=\"a<b\"></g></svg>",
    "<svg><title><b>x</b></title></svg>",
    "<svg><text>\xff</text></svg>",
    "<svg><text>\x01</text></svg>",
    "<svg><svg></svg></svg>",
};
#define REFUSED (sizeof refused / sizeof *refused)

START_TEST(what_is_no_mere_picture_is_refused) {
  ck_assert_msg(!svg_embed(refused[_i], strlen(refused[_i]), &how, out), "%s", refused[_i]);
  ck_assert_str_eq(text(), "");
}
END_TEST

START_TEST(what_nests_too_deep_is_refused) {
  char svg[16384] = "<svg>";
  for (int i = 0; i < 1000; i++) strcat(svg, "<g>");
  for (int i = 0; i < 1000; i++) strcat(svg, "</g>");
  strcat(svg, "</svg>");
  ck_assert(!svg_embed(svg, strlen(svg), &how, out));
}
END_TEST

START_TEST(every_beginning_of_a_picture_is_refused) {
  static const char svg[] = "<svg a=\"1\"><g id='x'><text>t&amp;</text><title>u</title><path d='M'/></g></svg>";
  for (size_t length = 0; length < strlen(svg); length++) ck_assert(!svg_embed(svg, length, &how, out));
  ck_assert(svg_embed(svg, strlen(svg), &how, out));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("html_out");
  TCase *tests = tcase_create("html_out");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, nothing_that_somebody_wrote_begins_or_ends_an_element);
  tcase_add_loop_test(tests, characters_that_xml_lacks_are_replaced, 0, sizeof characters / sizeof *characters);
  tcase_add_test(tests, attributes_without_a_value_are_left_out);
  tcase_add_test_raise_signal(tests, elements_end_as_they_nest, SIGABRT);
  tcase_add_test_raise_signal(tests, a_page_is_finished_when_all_is_ended, SIGABRT);
  tcase_add_test(tests, ids_and_what_refers_to_them_get_a_prefix);
  tcase_add_test(tests, the_root_has_a_name);
  tcase_add_loop_test(tests, what_is_no_mere_picture_is_refused, 0, REFUSED);
  tcase_add_test(tests, what_nests_too_deep_is_refused);
  tcase_add_test(tests, every_beginning_of_a_picture_is_refused);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
