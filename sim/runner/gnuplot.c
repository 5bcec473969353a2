#include "sim/runner/charts.h"

#include "sim/base/printable.h"
#include "sim/handler/command_spawn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANOTHER_LOOK_MS 20

static void warn(const char *what, const char *detail) {
  fprintf(stderr, "dgsim: warning: %s%s%s\n", what, detail[0] != '\0' ? ": " : "", detail);
}

/* Of a chart in which nothing happened. */
static bool harmless(const char *line) {
  return strstr(line, "empty y range") || strstr(line, "empty x range") ||
         strstr(line, "no valid points");
}

/* What it complained of: the line that names a place in the script, or else the first that is not
 * empty. */
static void complaint(const struct command_child *gnuplot, char *out, size_t size) {
  char line[512];
  out[0] = '\0';
  const int copy = gnuplot->errors < 0 ? -1 : dup(gnuplot->errors);
  FILE *said = copy < 0 ? NULL : fdopen(copy, "r");
  if (!said) return;
  rewind(said);
  while (fgets(line, sizeof line, said)) {
    line[strcspn(line, "\n")] = '\0';
    const char *text = line + strspn(line, " \t");
    if (*text == '\0' || *text == '^' || harmless(text)) continue;
    const bool place = strstr(text, ", line ") != NULL;
    if (place || out[0] == '\0') snprintf(out, size, "%s", text);
    if (place) break;
  }
  fclose(said);
  printable_line(out);
}

/* Whether a chart is there to its end: gnuplot does not notice that a disk is full. */
static bool is_whole(const char *svg) {
  char end[16] = "";
  FILE *file = fopen(svg, "r");
  if (!file) return false;
  const bool whole = fseek(file, -(long)(sizeof end - 1), SEEK_END) == 0 &&
                     fread(end, 1, sizeof end - 1, file) == sizeof end - 1 && strstr(end, "</svg>");
  fclose(file);
  return whole;
}

/* What it prints is of no use; but a full pipe would stop it. */
static void forget_output(const struct command_child *gnuplot) {
  char nothing[4096];
  while (read(gnuplot->from, nothing, sizeof nothing) > 0) continue;
  command_trim_errors(gnuplot);
}

/* Waits for its end, that long, or until this process is told to end. Returns whether it has ended. */
static bool wait_for_end(const struct command_child *gnuplot, int64_t limit_ms, struct interrupt *interrupt) {
  for (int64_t waited_ms = 0; waited_ms < limit_ms; waited_ms += ANOTHER_LOOK_MS) { /* not while we are stopped */
    const bool ended = command_wait_exit(gnuplot, ANOTHER_LOOK_MS);
    forget_output(gnuplot);
    if (ended || (interrupt && interrupt_seen(interrupt) != 0)) return ended;
  }
  return false;
}

/* In UTF-8, as the scripts and data are, and with decimal points: gnuplot would complain in the C locale, and write
 * numbers as the user's country does in others. -d: a user's start-up file must not change the charts. */
static int start(const char *directory, const char *script, struct command_child *out) {
  char *arguments[] = {"gnuplot", "-d", (char *)script, NULL};
  char **environment = command_environment((const char *[]){"LC_ALL=C.UTF-8"}, 1);
  const int failed = command_start(out, arguments, environment, directory, false, NULL);
  free(environment);
  return failed;
}

/* False: there is no gnuplot, or it hangs, or it is time to end, so that the others need not be tried. */
static bool render(const char *directory, const char *name, int64_t limit_ms, struct interrupt *interrupt) {
  char script[128], svg[1024], line[256], how[80];
  struct command_child gnuplot;
  snprintf(script, sizeof script, "%s.gp", name);
  snprintf(svg, sizeof svg, "%s/%s.svg", directory, name);
  const int failed = start(directory, script, &gnuplot);
  if (failed != 0) {
    if (access(directory, X_OK) != 0) return false; /* which is told when files are put into their places */
    warn(failed == ENOENT ? "gnuplot not found, so there are no charts (--no-charts silences this)"
                          : "gnuplot cannot be started, so there are no charts",
         failed == ENOENT ? "" : strerror(failed));
    return false;
  }
  const bool ended = wait_for_end(&gnuplot, limit_ms, interrupt);
  complaint(&gnuplot, line, sizeof line);
  const int status = command_end(&gnuplot, NULL);
  if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_whole(svg)) {
    if (line[0] != '\0') fprintf(stderr, "dgsim: warning: gnuplot %s: %s\n", script, line);
    return true;
  }
  unlink(svg); /* half a chart is none */
  if (!ended) {
    if (!interrupt || interrupt->signal == 0)
      fprintf(stderr, "dgsim: warning: gnuplot has not ended on %s within %lld s, so there are no more charts (--chart-limit)\n",
              script, (long long)(limit_ms / 1000));
    return false;
  }
  command_status_text(status, how, sizeof how);
  fprintf(stderr, "dgsim: warning: gnuplot failed on %s: %s\n", script,
          line[0] != '\0'     ? line
          : WIFSIGNALED(status) ? how
                                : "the chart is not there, or not to its end");
  return true;
}

void charts_render(const char *directory, int64_t limit_ms, struct interrupt *interrupt) {
  char name[CHART_NAME_MAX], script[1024];
  for (size_t i = 0; charts_name(i, name); i++) {
    snprintf(script, sizeof script, "%s/%s.gp", directory, name);
    if (access(script, R_OK) == 0 && !render(directory, name, limit_ms, interrupt)) return;
  }
}
