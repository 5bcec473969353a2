/* Every file in tests/runner/bad is one mistake. Its first line says what must come of it:
 *
 *   # expect: CODE LINE:COL message (or its beginning)
 *   # note: beginning of the note              (optional)
 *   # set: path=value                          (optional, as --set; its place is in the argument)
 *   # as: dgsim check                          (optional: read for that command)
 */
#include "tests/run_suite.h"
#include "tests/runner/fake_registry.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define BAD SOURCE_DIR "/tests/runner/bad"
#define FILES_LEAST 120

struct expected {
  char code[64], message[512], note[512], set[256];
  int line, column;
  bool as_check;
};

static void read_expected(const char *path, struct expected *out) {
  char line[1024];
  FILE *file = fopen(path, "r");
  ck_assert_msg(file != NULL, "%s", path);
  *out = (struct expected){.line = -1};
  while (fgets(line, sizeof line, file) && line[0] == '#') {
    line[strcspn(line, "\n")] = '\0';
    sscanf(line, "# expect: %63s %d:%d %511[^\n]", out->code, &out->line, &out->column,
           out->message);
    sscanf(line, "# note: %511[^\n]", out->note);
    sscanf(line, "# set: %255[^\n]", out->set);
    out->as_check = out->as_check || strcmp(line, "# as: dgsim check") == 0;
  }
  fclose(file);
  ck_assert_msg(out->line >= 0, "%s does not begin with '# expect: CODE LINE:COL message'", path);
}

/* The caret stands under the column; where there is no place, there is no caret. */
static void check_print(const char *path, const struct err *err) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  err_print(err, out);
  fclose(out);
  char *caret = strstr(text, "^\n");
  if (err->line > 0) {
    ck_assert_msg(caret != NULL, "%s: no caret in\n%s", path, text);
    char *line = caret;
    while (line[-1] != '\n') line--;
    ck_assert_msg(caret - line - 2 == err->column - 1, "%s: caret at %d in\n%s", path,
                  (int)(caret - line - 1), text);
  }
  ck_assert_ptr_nonnull(strstr(text, err->message));
  free(text);
}

static bool mistake_is_reported(const char *path) {
  struct expected expected;
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  read_expected(path, &expected);
  const char *sets[] = {expected.set};
  const struct registry *registry = expected.as_check ? &fake_check_registry : &fake_registry;
  bool loaded = scenario_load(path, registry, sets, expected.set[0] != '\0', 0, &scenario, &err);
  if (loaded) scenario_free(&scenario);
  bool same = !loaded && strcmp(err_code_name(err.code), expected.code) == 0 &&
              err.line == expected.line && err.column == expected.column &&
              strstr(err.message, expected.message) == err.message &&
              strncmp(err.note, expected.note, strlen(expected.note)) == 0;
  if (!same)
    fprintf(
        stderr,
        "%s\n  expected: %s %d:%d %s\n      note: %s\n  found:    %s %d:%d %s\n      note: %s\n",
        path, expected.code, expected.line, expected.column, expected.message, expected.note,
        loaded ? "loaded" : err_code_name(err.code), err.line, err.column, err.message, err.note);
  else
    check_print(path, &err);
  return same;
}

START_TEST(every_bad_file_gets_its_message_at_its_place) {
  size_t files = 0, wrong = 0;
  DIR *folder = opendir(BAD);
  ck_assert_ptr_nonnull(folder);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char path[1024];
    if (!strstr(entry->d_name, ".yaml")) continue;
    snprintf(path, sizeof path, "%s/%s", BAD, entry->d_name);
    files++;
    wrong += !mistake_is_reported(path);
  }
  closedir(folder);
  ck_assert_uint_ge(files, FILES_LEAST);
  ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_input_error) {
  struct scenario scenario;
  struct err err = {.code = ERR_NONE};
  ck_assert(!scenario_load("/nonexistent/x.yaml", &fake_registry, NULL, 0, 0, &scenario, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_str_eq(err.path, "/nonexistent/x.yaml");
  scenario_free(&scenario); /* harmless */
}
END_TEST

int main(void) {
  Suite *suite = suite_create("scenario errors");
  TCase *tcase = tcase_create("all");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, every_bad_file_gets_its_message_at_its_place);
  tcase_add_test(tcase, a_file_that_is_not_there_is_an_input_error);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
