#include "sim/runner/yaml.h"
#include "tests/run_suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FAST_SECONDS 2.0 /* generous: these take milliseconds, also with sanitizers */

static struct pool *pool;
static struct err error;

static struct yaml_node *read_bytes(const char *text, size_t length) {
  error = (struct err){.code = ERR_NONE};
  return yaml_read(pool, "x.yaml", text, length, NULL, &error);
}
static struct yaml_node *read_text(const char *text) { return read_bytes(text, strlen(text)); }

static void refused(const char *text, enum err_code code, int line, int column,
                    const char *message) {
  struct yaml_node *node = read_text(text);
  ck_assert_msg(!node, "accepted: %s", text);
  ck_assert_msg(error.code == code && error.line == line && error.column == column &&
                    strstr(error.message, message),
                "%s\nfound %s %d:%d %s", text, err_code_name(error.code), error.line, error.column,
                error.message);
  ck_assert_str_eq(error.path, "x.yaml");
}

/* A text of a repeated piece. */
static char *repeat(const char *before, const char *piece, size_t times, const char *after) {
  size_t length = strlen(piece);
  char *text = malloc(strlen(before) + length * times + strlen(after) + 1),
       *at = stpcpy(text, before);
  for (size_t i = 0; i < times; i++, at += length) memcpy(at, piece, length);
  strcpy(at, after);
  return text;
}

static void refused_fast(char *text, enum err_code code) {
  clock_t begin = clock();
  ck_assert_ptr_null(read_text(text));
  ck_assert_msg(error.code == code, "%s: %s", err_code_name(error.code), error.message);
  ck_assert_double_lt((double)(clock() - begin) / CLOCKS_PER_SEC, FAST_SECONDS);
  free(text);
}

static void accepted_fast(char *text, size_t count) {
  clock_t begin = clock();
  struct yaml_node *node = read_text(text);
  ck_assert_msg(node != NULL, "%s", error.message);
  ck_assert_uint_eq(node->count, count);
  ck_assert_double_lt((double)(clock() - begin) / CLOCKS_PER_SEC, FAST_SECONDS);
  free(text);
}

START_TEST(a_tree_knows_its_places) {
  struct yaml_node *root = read_text("format: 1\n# ä\nlist: [a, 'b c', {k: \"v\"}]\n");
  ck_assert_int_eq(root->kind, YAML_KIND_MAP);
  ck_assert_uint_eq(root->count, 2);
  ck_assert_str_eq(yaml_find(root, "format")->value->text, "1");
  struct yaml_entry *list = yaml_find(root, "list");
  ck_assert_int_eq(list->line, 3);
  ck_assert_int_eq(list->column, 1);
  ck_assert_int_eq(list->value->kind, YAML_KIND_LIST);
  ck_assert_int_eq(list->value->items[1]->column, 11);
  ck_assert_str_eq(list->value->items[1]->text, "b c");
  ck_assert_int_eq(list->value->items[2]->entries[0].value->column, 22);
  ck_assert_ptr_null(yaml_find(root, "nothing"));
}
END_TEST

START_TEST(columns_count_characters) {
  refused("ä: &x 1\n", ERR_YAML_SUBSET, 1, 4, "an anchor");
  refused("{ä: 1, ä: 2}\n", ERR_DUPLICATE_KEY, 1, 8, "key 'ä' given twice");
}
END_TEST

START_TEST(an_empty_text_is_a_null_at_its_beginning) {
  static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"};
  for (size_t i = 0; i < 5; i++) {
    struct yaml_node *root = read_text(texts[i]);
    ck_assert_msg(root && root->kind == YAML_KIND_NULL, "%s", texts[i]);
  }
}
END_TEST

START_TEST(null_is_a_kind_of_its_own_unless_quoted) {
  struct yaml_node *root = read_text("a:\nb: ~\nc: null\nd: 'null'\ne: ''\nf: NULL\n");
  for (size_t i = 0; i < 6; i++)
    ck_assert_int_eq(root->entries[i].value->kind,
                     i == 3 || i == 4 ? YAML_KIND_SCALAR : YAML_KIND_NULL);
}
END_TEST

START_TEST(what_the_language_does_not_have_is_refused) {
  refused("a: *x\n", ERR_YAML_SUBSET, 1, 4, "an alias");
  refused("a: &x 1\n", ERR_YAML_SUBSET, 1, 4, "an anchor");
  refused("&x a: 1\n", ERR_YAML_SUBSET, 1, 1, "an anchor");
  refused("a: !!int 1\n", ERR_YAML_SUBSET, 1, 4, "a tag");
  refused("a: ! 1\n", ERR_YAML_SUBSET, 1, 4, "a tag");
  refused("a: ! \"1\"\n", ERR_YAML_SUBSET, 1, 4, "a tag");
  refused("a: !x [1]\n", ERR_YAML_SUBSET, 1, 4, "a tag");
  refused("<<: {a: 1}\n", ERR_YAML_SUBSET, 1, 1, "a merge key");
  refused("? {a: 1}\n: 2\n", ERR_YAML_SUBSET, 1, 3, "a key must be a word");
  refused("{[a]: 2}\n", ERR_YAML_SUBSET, 1, 2, "a key must be a word");
  refused("? \n: 2\n", ERR_YAML_SUBSET, 1, 2, "a key must be a word");
  refused("'': 2\n", ERR_YAML_SUBSET, 1, 1, "a key must be a word");
  refused("~: 2\n", ERR_YAML_SUBSET, 1, 1, "a key must be a word");
  refused("a: 1\n---\nb: 1\n", ERR_YAML_SUBSET, 2, 1, "a second document");
  refused("a: 1\n...\n---\n", ERR_YAML_SUBSET, 3, 1, "a second document");
  refused("%YAML 1.2\n---\na: 1\n", ERR_YAML_SUBSET, 1, 1, "a directive");
  refused("%TAG ! tag:x,2000:\n---\na: 1\n", ERR_YAML_SUBSET, 1, 1, "a directive");
  refused("a: \"\\0\"\n", ERR_YAML_SUBSET, 1, 4, "a NUL character");
}
END_TEST

START_TEST(duplicate_keys_are_reported_with_both_places) {
  refused("a: 1\nb: 2\na: 3\n", ERR_DUPLICATE_KEY, 3, 1, "key 'a' given twice");
  ck_assert_str_eq(error.note, "first at line 1");
  ck_assert_str_eq(error.source_line, "a: 3");
  refused("x: {a: 1, b: 2, b: 3, a: 4}\n", ERR_DUPLICATE_KEY, 1, 17, "key 'b' given twice");
  refused("a: 1\n'a': 2\n", ERR_DUPLICATE_KEY, 2, 1, "key 'a' given twice");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused) {
  ck_assert_ptr_null(read_bytes("a: 1\nb: \0\n", 10));
  ck_assert_int_eq(error.code, ERR_YAML_SUBSET);
  ck_assert_int_eq(error.line, 2);
  ck_assert_int_eq(error.column, 4);
  refused("a: \xff\n", ERR_YAML_SUBSET, 1, 4, "byte 0xFF is not UTF-8 text");
  refused("a: \xc3(\n", ERR_YAML_SUBSET, 1, 4, "not UTF-8");
  refused("a: \xc0\xaf\n", ERR_YAML_SUBSET, 1, 4, "not UTF-8");         /* overlong */
  refused("a: \xed\xa0\x80\n", ERR_YAML_SUBSET, 1, 4, "not UTF-8");     /* a surrogate */
  refused("a: \xf4\x90\x80\x80\n", ERR_YAML_SUBSET, 1, 4, "not UTF-8"); /* beyond Unicode */
  refused("a: \xe4", ERR_YAML_SUBSET, 1, 4, "not UTF-8");               /* cut off */
  refused("a: \x1b[31m\n", ERR_YAML_SUBSET, 1, 4, "control character 0x1B");
  ck_assert_str_eq(error.source_line, "a:  [31m"); /* nothing of it reaches a terminal */
  refused("\xff\xfe"
          "a",
          ERR_YAML_SUBSET, 1, 1, "not UTF-8"); /* UTF-16 */
  ck_assert_ptr_nonnull(read_text("\xef\xbb\xbf"
                                  "a: 1\n")); /* a byte order mark is harmless */
}
END_TEST

START_TEST(line_ends_of_all_systems_count_alike) {
  refused("a: 1\r\nb: *x\r\n", ERR_YAML_SUBSET, 2, 4, "an alias");
  ck_assert_str_eq(error.source_line, "b: *x");
  refused("a: 1\rb: *x\r", ERR_YAML_SUBSET, 2, 4, "an alias");
  ck_assert_str_eq(error.source_line, "b: *x");
  struct yaml_node *root = read_text("a: 1\r\nb: 2\r\n");
  ck_assert_str_eq(root->entries[1].value->text, "2");
}
END_TEST

START_TEST(tabs_are_no_indentation) {
  refused("a:\n\tb: 1\n", ERR_NOT_YAML, 2, 1, "not YAML: found a tab that cannot start any token");
  ck_assert_str_eq(error.note, "indent with blanks");
  ck_assert_ptr_nonnull(read_text("a:\t1\n"));
}
END_TEST

START_TEST(syntax_errors_have_a_place_and_a_note) {
  refused("a: {b: 1\nc: 2\n", ERR_NOT_YAML, 2, 2, "did not find expected ',' or '}'");
  ck_assert_str_eq(error.note, "it begins at line 1");
  refused("a: {lost: > 3}\n", ERR_NOT_YAML, 1, 11,
          "found character '>' that cannot start any token");
  refused("a: @3s\n", ERR_NOT_YAML, 1, 4, "found character '@'");
  refused("a: 'x\n", ERR_NOT_YAML, 2, 1, "not YAML: ");
  refused("a: \"\\q\"\n", ERR_NOT_YAML, 1, 5, "not YAML: ");
}
END_TEST

START_TEST(deep_nesting_is_refused_at_once) {
  refused_fast(repeat("", "[", 10000, ""), ERR_TOO_BIG);
  refused_fast(repeat("", "[", 500000, ""), ERR_TOO_BIG);
  refused_fast(repeat("", "{a: ", 10000, ""), ERR_TOO_BIG);
  refused_fast(repeat("", "- ", 10000, "x"), ERR_TOO_BIG);
  refused_fast(repeat("", "[\n", 10000, ""), ERR_TOO_BIG);
  refused_fast(repeat("", "? ", 10000, "x"), ERR_TOO_BIG);
  accepted_fast(repeat("[", "[", YAML_DEPTH_MAX - 1, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), 1);
}
END_TEST

START_TEST(an_alias_bomb_does_not_go_off) {
  refused("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", ERR_YAML_SUBSET, 1, 4, "an anchor");
}
END_TEST

START_TEST(large_texts_take_linear_time) {
  accepted_fast(repeat("[", "a, ", 300000, "a]"), 300001);
  accepted_fast(repeat("[", "\xc3\xa4,", 300000, "a]"), 300001);
  accepted_fast(repeat("", "- x\n", 250000, ""), 250000);
  accepted_fast(repeat("", "- !\n", 0, "- x"), 1);
  accepted_fast(repeat("# ", "x", 1000000, "\n- x"), 1);
  refused_fast(repeat("", "a: 1\n", 200000, ""), ERR_DUPLICATE_KEY);
  refused_fast(repeat("{", "a,", 300000, "}"), ERR_DUPLICATE_KEY);
  char *text = malloc(YAML_BYTES_MAX), *at = text;
  for (int i = 0; i < 80000; i++) at += sprintf(at, "k%d: 1\n", i);
  accepted_fast(text, 80000);
  char *scalar = repeat("'", "x", 1000000, "'");
  struct yaml_node *node = read_text(scalar);
  ck_assert_uint_eq(strlen(node->text), 1000000);
  free(scalar);
}
END_TEST

START_TEST(more_than_a_mebibyte_is_refused) {
  refused_fast(repeat("", "x", YAML_BYTES_MAX + 1, ""), ERR_TOO_BIG);
  char *text = repeat("", "x", YAML_BYTES_MAX, "");
  ck_assert_ptr_nonnull(read_text(text));
  free(text);
}
END_TEST

START_TEST(a_line_too_long_to_show_is_not_shown) {
  char *text = repeat("[", "a, ", 1000, "*x]");
  ck_assert_ptr_null(read_text(text));
  ck_assert_int_eq(error.column, 3002);
  ck_assert_str_eq(error.source_line, "");
  free(text);
}
END_TEST

START_TEST(put_replaces_and_adds) {
  struct yaml_node *root = read_text("a: 1\n"), *value = read_text("7");
  yaml_put(pool, root, "a", value, value);
  yaml_put(pool, root, "b", value, value);
  ck_assert_uint_eq(root->count, 2);
  ck_assert_str_eq(yaml_find(root, "a")->value->text, "7");
  ck_assert_str_eq(yaml_find(root, "b")->value->text, "7");
}
END_TEST

static void set_up(void) { pool = pool_new(); }
static void tear_down(void) { pool_free(pool); }

int main(void) {
  Suite *suite = suite_create("yaml");
  TCase *tcase = tcase_create("all");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_set_timeout(tcase, 60);
  const TTest *const tests[] = {
      a_tree_knows_its_places,
      columns_count_characters,
      an_empty_text_is_a_null_at_its_beginning,
      null_is_a_kind_of_its_own_unless_quoted,
      what_the_language_does_not_have_is_refused,
      duplicate_keys_are_reported_with_both_places,
      bytes_that_are_no_text_are_refused,
      line_ends_of_all_systems_count_alike,
      tabs_are_no_indentation,
      syntax_errors_have_a_place_and_a_note,
      deep_nesting_is_refused_at_once,
      an_alias_bomb_does_not_go_off,
      large_texts_take_linear_time,
      more_than_a_mebibyte_is_refused,
      a_line_too_long_to_show_is_not_shown,
      put_replaces_and_adds,
  };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(tcase, tests[i]);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
