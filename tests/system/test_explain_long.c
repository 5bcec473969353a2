/* Stories of very many steps: they are told in an effort that is in proportion, and who is told to end while their
 * files are written leaves nothing of them. */
#include "sim/runner/explain.h"
#include "sim/runner/explain_diagram.h"
#include "sim/runner/explain_perfetto.h"
#include "sim/runner/explain_shiviz.h"
#include "tests/run_suite.h"
#include "tests/system/rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LATE "tests/regressions/answers-that-always-come-too-late.yaml"
#define LOST_ACK "scenarios/tutorial/03-lost-ack.yaml"
#define STEPS_MANY 100000

struct told {
  struct scenario scenario;
  struct explain_target target;
  struct explanation explanation;
};

static void tell(const char *path, const char *row, struct told *told) {
  const struct registry registry = rig_registry();
  const struct explain_wanted wanted = {.row = row, .command = "a test"};
  struct err err = {.code = ERR_NONE};
  ck_assert_msg(scenario_load(path, &registry, NULL, 0, 0, &told->scenario, &err), "%s", err.message);
  ck_assert_int_eq(explain_find(&told->scenario, &wanted, &told->target, &err), EXPLAIN_FOUND);
  explain_tell(&told->scenario, &told->target, "a test", &told->explanation);
}

static void forget(struct told *told) {
  explain_deinit(&told->explanation);
  scenario_free(&told->scenario);
}

/* --- Effort --- */

/* With an effort of the square of its steps it would take many minutes: the test's limit ends it. */
START_TEST(a_story_of_very_many_steps_is_told_to_its_end) {
  struct told told;
  tell(LATE, "kafka-acks-0", &told);
  const struct story *story = &told.explanation.story;
  ck_assert_uint_gt(story->count, STEPS_MANY);
  for (size_t i = 0; i < story->count; i++) {
    ck_assert_uint_eq(story_step_of(story, story->steps[i].happening), i + 1); /* [I1] */
    ck_assert(i == 0 || story->steps[i - 1].happening < story->steps[i].happening);
  }
  FILE *nowhere = fopen("/dev/null", "wb");
  ck_assert_ptr_nonnull(nowhere);
  story_print(story, told.explanation.title, "a command", nowhere);
  perfetto_write(story, told.explanation.title, nowhere);
  shiviz_write(story, nowhere);
  fclose(nowhere);
  char *picture = NULL;
  size_t size = 0;
  FILE *drawn = open_memstream(&picture, &size);
  ck_assert_ptr_nonnull(drawn);
  diagram_write(story, told.explanation.title, drawn);
  fclose(drawn);
  ck_assert_uint_lt(size, 500000); /* a browser has to show it */
  ck_assert_ptr_nonnull(strstr(picture, " lines left out"));
  char last[32];
  snprintf(last, sizeof last, ">%zu</text>", story->count);
  ck_assert_ptr_nonnull(strstr(picture, last)); /* how it ends is not left out */
  free(picture);
  forget(&told);
}
END_TEST

/* --- Being told to end --- */

static const char *const suffixes[] = {"txt", "svg", "perfetto.json", "shiviz.log"};

struct place {
  char directory[64], folder[80], fifo[128], old[128];
};

/* The file before the last is a FIFO with room for a part of it, and of the first there is one from before. */
static int make_place(struct place *place, uint64_t intent) {
  snprintf(place->directory, sizeof place->directory, "/tmp/explain-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(place->directory));
  snprintf(place->folder, sizeof place->folder, "%s/anomalies", place->directory);
  snprintf(place->fifo, sizeof place->fifo, "%s/%d.%s", place->folder, (int)intent, suffixes[2]);
  snprintf(place->old, sizeof place->old, "%s/%d.%s", place->folder, (int)intent, suffixes[0]);
  ck_assert_int_eq(mkdir(place->folder, 0777), 0);
  ck_assert_int_eq(mkfifo(place->fifo, 0666), 0);
  FILE *old = fopen(place->old, "wb");
  ck_assert_ptr_nonnull(old);
  fputs("old", old);
  fclose(old);
  const int reader = open(place->fifo, O_RDONLY | O_NONBLOCK);
  ck_assert_int_ge(reader, 0);
  ck_assert_int_gt(fcntl(reader, F_SETPIPE_SZ, 4096), 0);
  return reader;
}

static void check_place(const struct place *place) {
  char text[8] = "";
  size_t entries = 0;
  FILE *old = fopen(place->old, "rb");
  ck_assert_ptr_nonnull(old);
  ck_assert(fgets(text, sizeof text, old));
  fclose(old);
  ck_assert_str_eq(text, "old");
  DIR *folder = opendir(place->folder);
  ck_assert_ptr_nonnull(folder);
  for (const struct dirent *entry; (entry = readdir(folder));) entries += entry->d_name[0] != '.';
  closedir(folder);
  ck_assert_uint_eq(entries, 2); /* the FIFO, and what was there */
}

static void remove_place(const struct place *place) {
  unlink(place->fifo);
  unlink(place->old);
  rmdir(place->folder);
  rmdir(place->directory);
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(who_is_told_to_end_in_the_middle_of_a_file_leaves_nothing) {
  struct told told;
  struct place place;
  int status;
  tell(LOST_ACK, NULL, &told);
  const int reader = make_place(&place, told.target.intent);
  fflush(NULL);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    struct err err = {.code = ERR_NONE};
    signal(signals[_i], SIG_DFL);
    explain_write(&told.explanation, place.directory, "a command", &err);
    _exit(0);
  }
  struct pollfd written = {.fd = reader, .events = POLLIN};
  ck_assert_int_eq(poll(&written, 1, -1), 1); /* the child is within the third file, and cannot come to its end */
  ck_assert_int_eq(kill(child, signals[_i]), 0);
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
  ck_assert_int_eq(WTERMSIG(status), signals[_i]);
  check_place(&place);
  close(reader);
  remove_place(&place);
  forget(&told);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_keeps_the_others_from_their_places) {
  struct told told;
  struct place place;
  struct err err = {.code = ERR_NONE};
  tell(LOST_ACK, NULL, &told);
  close(make_place(&place, told.target.intent)); /* a FIFO that nobody reads */
  ck_assert(!explain_write(&told.explanation, place.directory, "a command", &err));
  ck_assert_int_eq(err.code, ERR_IO);
  check_place(&place);
  remove_place(&place);
  forget(&told);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("explain_long");
  TCase *tcase = tcase_create("explain_long");
  tcase_set_timeout(tcase, 240);
  tcase_add_test(tcase, a_story_of_very_many_steps_is_told_to_its_end);
  tcase_add_loop_test(tcase, who_is_told_to_end_in_the_middle_of_a_file_leaves_nothing, 0,
                      sizeof signals / sizeof *signals);
  tcase_add_test(tcase, a_file_that_cannot_be_written_keeps_the_others_from_their_places);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
