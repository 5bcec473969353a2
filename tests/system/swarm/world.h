/* A world of the swarm: a scenario that is drawn from all tables that there are, with one row, one seed and
 * few operations. It is text of one thing a line, so that a line can be left out: where the loader refuses a
 * line it is, and where a world fails, whatever it fails without is (shrink.h).
 *
 * Drawn are: the system with its keys; handler, stores, client and publisher with theirs, or groups of
 * consumers; workload or a list of operations of all kinds; topology; links; costs; and up to seven faults of
 * any verb, timing, target and point. */
#ifndef TESTS_SYSTEM_SWARM_WORLD_H
#define TESTS_SYSTEM_SWARM_WORLD_H

#include "sim/runner/scenario.h"
#include "tests/system/swarm/draw.h"

#define SWARM_LINES_MAX 240
#define SWARM_LINE_MAX 240

struct swarm_world {
  char lines[SWARM_LINES_MAX][SWARM_LINE_MAX];
  size_t count;
};

/* What the drawing was not told: how often the loader refused a line, and a whole world. */
struct swarm_refusals {
  uint64_t lines, worlds;
};

__attribute__((format(printf, 2, 3))) void swarm_add(struct swarm_world *world, const char *format, ...);
void swarm_remove(struct swarm_world *world, size_t line);
size_t swarm_text(const struct swarm_world *world, char *out, size_t size); /* returns its length */
#define SWARM_TEXT_MAX (SWARM_LINES_MAX * SWARM_LINE_MAX)

/* What faults of a world may aim at. */
struct swarm_shape {
  const struct system *system;
  uint32_t messages, lasts_ms;
  bool cache, provider, relays, producer_database, replicated, slots; /* whether there are any */
};
/* faults.c: adds the block, or nothing. */
void swarm_add_faults(struct swarm_world *world, struct draw *draw, const struct swarm_shape *shape);

/* False with *err set: the loader refuses it. */
bool swarm_load(const struct swarm_world *world, const struct registry *registry, struct scenario *out,
                struct err *err);

/* Draws world number `number` until it can be loaded; *out_scenario is the caller's. */
void swarm_draw(uint64_t number, const struct registry *registry, struct swarm_world *out,
                struct scenario *out_scenario, struct swarm_refusals *refusals);

#endif
