/* What is opened to be read is there, or it is said why not; nothing is waited for without end. */
#include "sim/base/input.h"
#include "tests/run_suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/test-input-XXXXXX", fifo[64], file[64];

static void make(void) {
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(fifo, sizeof fifo, "%s/fifo", folder);
  snprintf(file, sizeof file, "%s/file", folder);
  ck_assert_int_eq(mkfifo(fifo, 0600), 0);
}

static void unmake(void) {
  unlink(fifo);
  unlink(file);
  rmdir(folder);
}

START_TEST(a_fifo_that_nobody_writes_into_is_not_waited_for) {
  const char *why = NULL;
  ck_assert_ptr_null(input_open(fifo, &why));
  ck_assert_str_eq(why, "it is a FIFO, and nobody writes into it");
  ck_assert_int_lt(input_open_file(fifo, &why), 0);
  ck_assert_str_eq(why, "it is no regular file");
}
END_TEST

/* A writer that comes late, and one that takes its time. */
START_TEST(what_is_written_into_a_fifo_is_read_whole) {
  char text[32] = "";
  const char *why = NULL;
  const pid_t writer = fork();
  if (writer == 0) {
    usleep(50000);
    const int fd = open(fifo, O_WRONLY);
    usleep(50000);
    if (write(fd, "format", 6) != 6) _exit(1);
    usleep(50000);
    _exit(write(fd, ": 1\n", 4) != 4);
  }
  FILE *in = input_open(fifo, &why);
  ck_assert_msg(in != NULL, "%s", why);
  ck_assert_uint_eq(fread(text, 1, sizeof text - 1, in), 10);
  ck_assert_str_eq(text, "format: 1\n");
  fclose(in);
  ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
}
END_TEST

START_TEST(what_is_not_there_says_why) {
  const char *why = NULL;
  ck_assert_ptr_null(input_open(file, &why));
  ck_assert_str_eq(why, "No such file or directory");
  ck_assert_int_lt(input_open_file(folder, &why), 0);
  ck_assert_str_eq(why, "Is a directory");
}
END_TEST

START_TEST(a_file_is_read_from_its_first_byte) {
  const char *why = NULL;
  FILE *out = fopen(file, "w");
  fputs("abc", out);
  fclose(out);
  FILE *in = input_open(file, &why);
  ck_assert_ptr_nonnull(in);
  ck_assert_int_eq(fgetc(in), 'a');
  fclose(in);
  const int fd = input_open_file(file, &why);
  ck_assert_int_ge(fd, 0);
  close(fd);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("input");
  tcase_add_checked_fixture(tests, make, unmake);
  tcase_add_test(tests, a_fifo_that_nobody_writes_into_is_not_waited_for);
  tcase_add_test(tests, what_is_written_into_a_fifo_is_read_whole);
  tcase_add_test(tests, what_is_not_there_says_why);
  tcase_add_test(tests, a_file_is_read_from_its_first_byte);
  Suite *suite = suite_create("base/input");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
