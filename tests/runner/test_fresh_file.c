#include "sim/runner/fresh_file.h"
#include "tests/run_suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static char *at(const char *name) {
  char *path;
  ck_assert(asprintf(&path, "%s/%s", folder, name) > 0);
  return path;
}
static void setup(void) {
  snprintf(folder, sizeof folder, "/tmp/dgsim-fresh-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}
static void teardown(void) {
  char command[100];
  snprintf(command, sizeof command, "rm -r %s", folder);
  ck_assert_int_eq(system(command), 0);
}
static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}
static bool holds(const char *path, const char *text) {
  char read[64] = "";
  FILE *file = fopen(path, "r");
  if (!file) return false;
  const size_t size = fread(read, 1, sizeof read - 1, file);
  fclose(file);
  return size == strlen(text) && strcmp(read, text) == 0;
}
/* The number of a process that has gone. */
static long gone(void) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  return child;
}

START_TEST(I1_what_was_there_stays_until_it_is_committed) {
  struct fresh_file fresh;
  struct err err = {0};
  char *path = at("x");
  put(path, "old");
  ck_assert(fresh_open(&fresh, path, &err));
  fputs("new", fresh.file);
  fflush(fresh.file);
  ck_assert(holds(path, "old"));
  ck_assert(fresh_commit(&fresh, &err));
  ck_assert(holds(path, "new"));
  free(path);
}
END_TEST

START_TEST(I2_nothing_is_left_of_what_was_given_up) {
  struct fresh_file fresh;
  struct err err = {0};
  char *path = at("x"), *beside;
  ck_assert(fresh_open(&fresh, path, &err));
  beside = strdup(fresh.fresh);
  ck_assert_int_eq(access(beside, F_OK), 0);
  fresh_abandon(&fresh);
  ck_assert_int_ne(access(beside, F_OK), 0);
  ck_assert(fresh_open(&fresh, path, &err));
  ck_assert_int_eq(mkdir(path, 0777), 0); /* in the way */
  ck_assert(!fresh_commit(&fresh, &err));
  ck_assert_int_eq(err.code, ERR_IO);
  ck_assert_ptr_nonnull(strstr(err.message, path));
  ck_assert_int_ne(access(beside, F_OK), 0);
  free(beside);
  free(path);
}
END_TEST

START_TEST(I3_what_the_dead_left_is_removed_and_what_others_write_is_not) {
  struct fresh_file fresh;
  struct err err = {0};
  const long first = gone(), second = gone();
  char *path = at("x"), *dead, *held, *alive, *other = at("y.new.1"), *word = at("x.new.word");
  ck_assert(asprintf(&dead, "%s.new.%ld", path, first) > 0);
  ck_assert(asprintf(&held, "%s.new.%ld", path, second) > 0);
  ck_assert(asprintf(&alive, "%s.new.%ld", path, (long)getppid()) > 0);
  const char *const paths[] = {dead, held, alive, other, word};
  for (size_t i = 0; i < 5; i++) put(paths[i], "half");
  const int lock = open(held, O_RDONLY);
  ck_assert_int_eq(flock(lock, LOCK_EX), 0); /* by a process whose number means nobody here */
  ck_assert(fresh_open(&fresh, path, &err));
  for (size_t i = 0; i < 5; i++) ck_assert_msg((access(paths[i], F_OK) == 0) == (i > 0), "%s", paths[i]);
  fresh_abandon(&fresh);
  close(lock);
  free(dead), free(held), free(alive), free(other), free(word), free(path);
}
END_TEST

START_TEST(I4_what_is_no_file_is_written_into_and_keeps_its_place) {
  struct fresh_file fresh;
  struct err err = {0};
  struct stat status;
  char *path = at("fifo"), read_back[8] = "";
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_assert(!fresh_open(&fresh, path, &err)); /* nobody reads it */
  const int reader = open(path, O_RDONLY | O_NONBLOCK);
  err = (struct err){0};
  ck_assert(fresh_open(&fresh, path, &err));
  fputs("new", fresh.file);
  ck_assert(fresh_commit(&fresh, &err));
  ck_assert_int_eq(read(reader, read_back, sizeof read_back - 1), 3);
  ck_assert_str_eq(read_back, "new");
  ck_assert(stat(path, &status) == 0 && S_ISFIFO(status.st_mode));
  close(reader);
  free(path);
}
END_TEST

START_TEST(I5_a_link_stays_and_what_it_leads_to_is_written) {
  struct fresh_file fresh;
  struct err err = {0};
  struct stat status;
  char *sub = at("sub"), *path = at("sub/x"), *link = at("link"), *second = at("second");
  ck_assert_int_eq(mkdir(sub, 0777), 0);
  ck_assert_int_eq(symlink("sub/x", link), 0); /* leads to nothing yet */
  ck_assert_int_eq(symlink(link, second), 0);
  static const char *const texts[] = {"new", "newer"};
  for (size_t i = 0; i < 2; i++) {
    ck_assert(fresh_open(&fresh, second, &err));
    ck_assert_int_eq(strncmp(fresh.fresh, path, strlen(path)), 0);
    fputs(texts[i], fresh.file);
    ck_assert(fresh_commit(&fresh, &err));
    ck_assert(holds(path, texts[i]));
    ck_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
    ck_assert(lstat(second, &status) == 0 && S_ISLNK(status.st_mode));
  }
  free(sub), free(path), free(link), free(second);
}
END_TEST

/* Into a file that has something already, as the shell's >> would. */
START_TEST(I5_standard_output_goes_on_where_it_is) {
  struct fresh_file fresh;
  struct err err = {0};
  struct stat status;
  char *path = at("out"), *link = at("stdout");
  put(path, "old ");
  ck_assert_int_eq(symlink("/proc/self/fd/1", link), 0);
  fflush(stdout);
  const int before = dup(STDOUT_FILENO), file = open(path, O_WRONLY | O_APPEND);
  ck_assert(before >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
  const bool opened = fresh_open(&fresh, link, &err);
  const bool is_output = opened && fresh.is_output;
  if (opened) fputs("new", fresh.file);
  const bool committed = opened && fresh_commit(&fresh, &err);
  dup2(before, STDOUT_FILENO);
  close(before), close(file);
  ck_assert(is_output && committed);
  ck_assert(holds(path, "old new"));
  ck_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
  free(path), free(link);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("fresh_file");
  TCase *tests = tcase_create("all");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, I1_what_was_there_stays_until_it_is_committed);
  tcase_add_test(tests, I2_nothing_is_left_of_what_was_given_up);
  tcase_add_test(tests, I4_what_is_no_file_is_written_into_and_keeps_its_place);
  tcase_add_test(tests, I5_a_link_stays_and_what_it_leads_to_is_written);
  tcase_add_test(tests, I5_standard_output_goes_on_where_it_is);
  tcase_add_test(tests, I3_what_the_dead_left_is_removed_and_what_others_write_is_not);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
