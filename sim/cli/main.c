/* The composition root: the only place that knows which models there are. */
#include "models/registry.h"
#include "sim/base/assert.h"
#include "sim/base/suggest.h"
#include "sim/cli/commands.h"
#include "sim/cli/run_ranks.h"
#include "sim/runner/ranks_port.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void help(FILE *out) {
  fputs(
      "Usage: dgsim COMMAND [OPTION...] [ARGUMENT...]\n\n"
      "Simulates message delivery guarantees under faults, deterministically, and judges what was\n"
      "lost and what was done twice.\n\n",
      out);
  for (size_t i = 0; i < command_count; i++)
    fprintf(out, "  %-7s %-13s  %s\n", commands[i].name, commands[i].arguments, commands[i].about);
  fputs("\n"
        "  dgsim COMMAND --help  options of a command, with units and defaults\n"
        "  dgsim --version\n\n"
        "Exit status:",
        out);
  for (size_t i = 0; i < status_count; i++)
    fprintf(out, "%s %d %s", i ? "," : "", (int)status_rows[i].status, status_rows[i].name);
  fputs("\n(dgsim list statuses).\n", out);
}

static int unknown_command(const char *word) {
  struct err err = {0};
  const char *words[16];
  for (size_t i = 0; i < command_count; i++) words[i] = commands[i].name;
  const char *near = suggest(word, words, command_count);
  if (near)
    err_set(&err, ERR_USAGE, "unknown command '%s' (did you mean '%s'?)", word, near);
  else
    err_set(&err, ERR_USAGE, "unknown command '%s'", word);
  if (access(word, F_OK) == 0)
    err_note(&err, "a scenario is run with: dgsim run %s", word);
  else
    err_note(&err, "dgsim --help lists the commands");
  err_print(&err, stderr);
  return STATUS_USAGE;
}

/* Whoever is started with one of them closed would have its pipes and files there. Writing fails as it would. */
static void open_standard_descriptors(void) {
  int fd;
  do fd = open("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

static void version(void) {
  char library[128];
  const bool mpi = port_library(library, sizeof library);
  printf("dgsim " DGSIM_VERSION "\nwith%s MPI%s%s%s\n", mpi ? "" : "out", mpi ? " (" : "", mpi ? library : "",
         mpi ? ")" : ": one machine at a time, or --shard");
}

/* Of processes that were started together, mpirun ends all as soon as one fails: first the one that says why. */
static void let_rank_0_speak(int status) {
  if (status != STATUS_HELD && ranks_start().rank > 0)
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
}

/* Under mpirun, of all processes one speaks. */
static int act(const struct registry *registry, int argc, char **argv) {
  struct err err = {0};
  const char *word = argv[1];
  const bool speaks = ranks_start().rank == 0;
  if (strcmp(word, "--version") == 0) {
    if (speaks) version();
    return STATUS_HELD;
  }
  if (strcmp(word, "help") == 0 && argc > 2) {
    char option[] = "--help";
    char *asked[] = {argv[0], argv[2], option, NULL};
    return act(registry, 3, asked);
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
    if (speaks) help(stdout);
    return STATUS_HELD;
  }
  size_t i = 0;
  while (i < command_count && strcmp(word, commands[i].name) != 0) i++;
  if (i == command_count) return speaks ? unknown_command(word) : STATUS_USAGE;
  if (commands[i].writes) signal(SIGPIPE, SIG_IGN); /* its files are worth more than what it prints */
  if (commands[i].run == command_run || run_ranks_refuse(word, &err))
    return commands[i].run(registry, argc - 1, argv + 1);
  if (speaks) err_print(&err, stderr);
  return STATUS_USAGE;
}

int main(int argc, char **argv) {
  const struct registry registry = {.systems = registry_systems,
                                    .system_count = registry_system_count,
                                    .handlers = registry_handlers,
                                    .handler_count = registry_handler_count,
                                    .stores = registry_stores,
                                    .store_count = registry_store_count,
                                    .publishers = registry_publishers,
                                    .publisher_count = registry_publisher_count,
                                    .clients = registry_clients,
                                    .client_count = registry_client_count};
  open_standard_descriptors();
  assert_exit_with(STATUS_INTERNAL);
  signal(SIGXFSZ, SIG_IGN); /* a file that becomes too large is an error of write, as a full disk is */
  if (argc < 2) {
    help(stderr);
    return STATUS_USAGE;
  }
  int status = act(&registry, argc, argv);
  let_rank_0_speak(status);
  /* What could not be printed was not said. */
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fputs("dgsim: error: cannot write to the standard output\n", stderr);
    status = status_worse((enum status)status, STATUS_INTERNAL);
  }
  return status;
}
