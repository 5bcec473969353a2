/* Runs a command and says what it cost.
 *
 *   measure COMMAND [ARGUMENT...]
 *
 * Prints "cpu_ns=… wall_ns=… rss_kib=…" on the standard error, as its last line: user and system time of
 * the command and whatever it has waited for, and the most memory that one of them had resident. The
 * exit status is the command's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t wall_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t ns_of(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: measure COMMAND [ARGUMENT...]\n", stderr);
    return 64;
  }
  uint64_t begin = wall_ns();
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    _exit(127);
  }
  int status = 0;
  struct rusage used;
  if (child < 0 || wait4(child, &status, 0, &used) != child) {
    perror("measure");
    return 70;
  }
  uint64_t cpu = ns_of(used.ru_utime) + ns_of(used.ru_stime);
  fprintf(stderr, "cpu_ns=%" PRIu64 " wall_ns=%" PRIu64 " rss_kib=%ld\n", cpu, wall_ns() - begin, used.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
