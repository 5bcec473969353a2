/* Every scenario that the project has: its resolved form is read again, and means the same. */
#include "models/registry.h"
#include "sim/runner/check.h"
#include "sim/runner/scenario.h"
#include "tests/run_suite.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#define FILES_LEAST 200

static size_t files, wrong;

static struct registry registry_of(bool check) {
  static const struct handler *handlers[256];
  struct registry registry = {registry_systems, registry_system_count, registry_handlers, registry_handler_count,
                              registry_stores,  registry_store_count,  registry_clients,  registry_client_count,
                              registry_publishers, registry_publisher_count};
  if (!check) return registry;
  memcpy(handlers, registry_handlers, registry_handler_count * sizeof *handlers);
  handlers[registry.handler_count++] = &check_handler;
  registry.handlers = handlers;
  return registry;
}

static bool means_the_same(const struct scenario *first, const struct registry *registry, struct err *err) {
  struct scenario second;
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  scenario_print_resolved(first, out);
  ck_assert_int_eq(fclose(out), 0);
  bool same = scenario_load_text(first->path, text, length, false, registry, &second, err);
  if (same) {
    same = first->resolved_hash == second.resolved_hash;
    scenario_free(&second);
  }
  free(text);
  return same;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place) {
  (void)status, (void)place;
  const size_t length = strlen(path);
  if (type != FTW_F || length < 5 || strcmp(path + length - 5, ".yaml") != 0) return 0;
  struct scenario scenario;
  struct err err = {0}, err_of_check = {0}, again = {0};
  struct registry registry = registry_of(false);
  bool loaded = scenario_load(path, &registry, NULL, 0, 0, &scenario, &err);
  if (!loaded) {
    registry = registry_of(true);
    loaded = scenario_load(path, &registry, NULL, 0, 0, &scenario, &err_of_check);
  }
  files++;
  const bool good = loaded && means_the_same(&scenario, &registry, &again);
  if (!good)
    fprintf(stderr, "%s: %s\n", path, !loaded ? err.message : again.message[0] ? again.message : "means something else");
  wrong += !good;
  if (loaded) scenario_free(&scenario);
  return 0;
}

START_TEST(every_scenario_is_what_its_resolved_form_is) {
  ck_assert_int_eq(nftw("scenarios", visit, 16, FTW_PHYS), 0);
  ck_assert_int_eq(nftw("tests/regressions", visit, 16, FTW_PHYS), 0);
  ck_assert_uint_ge(files, FILES_LEAST);
  ck_assert_uint_eq(wrong, 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, every_scenario_is_what_its_resolved_form_is);
  Suite *suite = suite_create("resolved");
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
