#include "sim/runner/charts.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void warn(const char *what, const char *detail) {
  fprintf(stderr, "dgsim: warning: %s%s%s\n", what, detail[0] != '\0' ? ": " : "", detail);
}

/* Our environment, but in UTF-8, as the scripts and data are, and with decimal points: gnuplot would
 * complain in the C locale, and write numbers as the user's country does in others. The array is the
 * caller's to free, the words are not. */
static char **environment(void) {
  static const char locale[] = "LC_ALL=C.UTF-8";
  size_t count = 0, kept = 0;
  while (environ[count]) count++;
  char **copy = calloc(count + 2, sizeof *copy);
  ASSERT(copy != NULL);
  for (size_t i = 0; i < count; i++)
    if (strncmp(environ[i], "LC_ALL=", strlen("LC_ALL=")) != 0) copy[kept++] = environ[i];
  copy[kept] = (char *)(uintptr_t)locale;
  return copy;
}

/* Starts gnuplot in `directory` with what it says going to `output`. Returns 0 or an errno. */
static int start(const char *directory, const char *script, int output, pid_t *out_child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  /* -d: a user's start-up file must not change the charts. */
  char *arguments[] = {"gnuplot", "-d", (char *)script, NULL};
  char **words = environment();
  const int failed = posix_spawnp(out_child, "gnuplot", &actions, NULL, arguments, words);
  free(words);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

/* Of a chart in which nothing happened. */
static bool harmless(const char *line) {
  return strstr(line, "empty y range") || strstr(line, "empty x range") ||
         strstr(line, "no valid points");
}

/* What it complained of: the line that names a place in the script, or else the first that is not
 * empty. */
static void complaint(FILE *said, char *out, size_t size) {
  char line[512];
  out[0] = '\0';
  rewind(said);
  while (fgets(line, sizeof line, said)) {
    line[strcspn(line, "\n")] = '\0';
    const char *text = line + strspn(line, " \t");
    if (*text == '\0' || *text == '^' || harmless(text)) continue;
    const bool place = strstr(text, ", line ") != NULL;
    if (place || out[0] == '\0') snprintf(out, size, "%s", text);
    if (place) return;
  }
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

/* False: there is no gnuplot, so that the others need not be tried. */
static bool render(const char *directory, const char *name) {
  char script[128], svg[1024], line[256];
  snprintf(script, sizeof script, "%s.gp", name);
  snprintf(svg, sizeof svg, "%s/%s.svg", directory, name);
  FILE *said = tmpfile();
  if (!said) {
    warn("no charts", strerror(errno));
    return false;
  }
  pid_t child;
  const int failed = start(directory, script, fileno(said), &child);
  if (failed != 0) {
    warn(failed == ENOENT ? "gnuplot not found, so there are no charts (--no-charts silences this)"
                          : "gnuplot cannot be started, so there are no charts",
         failed == ENOENT ? "" : strerror(failed));
    fclose(said);
    return false;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  complaint(said, line, sizeof line);
  fclose(said);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_whole(svg)) {
    if (line[0] != '\0') fprintf(stderr, "dgsim: warning: gnuplot %s: %s\n", script, line);
    return true;
  }
  unlink(svg); /* half a chart is none */
  fprintf(stderr, "dgsim: warning: gnuplot failed on %s: %s\n", script,
          line[0] != '\0' ? line : "the chart is not there, or not to its end");
  return true;
}

void charts_render(const char *directory) {
  char name[CHART_NAME_MAX], script[1024];
  for (size_t i = 0; charts_name(i, name); i++) {
    snprintf(script, sizeof script, "%s/%s.gp", directory, name);
    if (access(script, R_OK) == 0 && !render(directory, name)) return;
  }
}
