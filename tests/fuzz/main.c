#include "tests/fuzz/fuzz.h"

#include "models/registry.h"
#include "sim/base/assert.h"
#include "sim/runner/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct {
  const char *name;
  fuzz_fn *run;
} targets[] = {
#define X(name) {#name, fuzz_##name},
    FUZZ_TARGETS(X)
#undef X
};
static fuzz_fn *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The program's name says which target: fuzz_scenario. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  const char *slash = strrchr((*argv)[0], '/'), *name = slash ? slash + 1 : (*argv)[0];
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
    if (strncmp(name, "fuzz_", 5) == 0 && strcmp(name + 5, targets[i].name) == 0) chosen = targets[i].run;
  if (!chosen) {
    fprintf(stderr, "%s: call it by the name of a target, fuzz_scenario for one\n", name);
    exit(64);
  }
  signal(SIGPIPE, SIG_IGN);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  chosen(data, size);
  return 0;
}

const struct registry *fuzz_registry(void) {
  static struct registry registry;
  if (!registry.systems)
    registry = (struct registry){.systems = registry_systems,
                                 .system_count = registry_system_count,
                                 .handlers = registry_handlers,
                                 .handler_count = registry_handler_count,
                                 .stores = registry_stores,
                                 .store_count = registry_store_count,
                                 .publishers = registry_publishers,
                                 .publisher_count = registry_publisher_count,
                                 .clients = registry_clients,
                                 .client_count = registry_client_count};
  return &registry;
}

const struct registry *fuzz_check_registry(void) {
  static struct registry registry;
  static const struct handler *handlers[256];
  if (registry.systems) return &registry;
  registry = *fuzz_registry();
  ASSERT_LT(registry.handler_count, sizeof handlers / sizeof *handlers);
  memcpy(handlers, registry.handlers, registry.handler_count * sizeof *handlers);
  handlers[registry.handler_count++] = &check_handler;
  registry.handlers = handlers;
  return &registry;
}

const char *fuzz_file(int number, const uint8_t *data, size_t size) {
  static struct {
    int fd;
    char path[64];
  } files[2];
  ASSERT(number == 0 || number == 1);
  if (!files[number].path[0]) {
    files[number].fd = memfd_create("fuzz", 0);
    ASSERT(files[number].fd >= 0);
    snprintf(files[number].path, sizeof files[number].path, "/proc/%d/fd/%d", (int)getpid(), files[number].fd);
  }
  ASSERT(ftruncate(files[number].fd, 0) == 0);
  ASSERT(pwrite(files[number].fd, data, size, 0) == (ssize_t)size);
  return files[number].path;
}

char *fuzz_text(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  ASSERT(text);
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  return text;
}

void fuzz_check_error(const struct err *err) {
  char *text = NULL;
  size_t length = 0;
  ASSERT_MSG(err->code != ERR_NONE, "it failed and says nothing");
  ASSERT_MSG(err->message[0], "an error without a message");
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  err_print(err, out);
  ASSERT(fclose(out) == 0);
  ASSERT_MSG(strlen(text) == length, "a NUL in: %s", text);
  for (size_t i = 0; i < length; i++)
    ASSERT_MSG((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t', "a control character in: %s", text);
  free(text);
}

char *fuzz_resolved(const struct scenario *scenario) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  ASSERT(out);
  scenario_print_resolved(scenario, out);
  ASSERT(fclose(out) == 0);
  return text;
}

bool fuzz_is_small(const struct scenario *scenario) {
  if (scenario->plan_count > 4 || scenario->fault_count > 12) return false;
  for (size_t i = 0; i < scenario->plan_count; i++) {
    const struct plan *plan = &scenario->plans[i];
    uint64_t nodes = 0;
    for (int role = 0; role < ROLE__COUNT; role++) nodes += plan->counts[role];
    if (nodes > 32 || plan->partitions > 32 || plan->threads > 16 || plan->cores > 16) return false;
    if (plan->workload.messages > 60 || plan->workload.keys > 1000) return false;
    if (plan->group_count > 4) return false;
  }
  return true;
}
