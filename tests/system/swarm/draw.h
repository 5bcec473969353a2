/* Numbers and values that a world of the swarm is made of: hashes of (world, place), so that a world is the
 * same on every machine and whoever asks. Values of keys come from the tables that the loader reads: a new key
 * is drawn as soon as it is a row. */
#ifndef TESTS_SYSTEM_SWARM_DRAW_H
#define TESTS_SYSTEM_SWARM_DRAW_H

#include "sim/base/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The n-th number of a world. */
struct draw {
  uint64_t key, count;
};

struct draw draw_of(uint64_t world, uint64_t attempt);
uint32_t draw_below(struct draw *draw, uint32_t bound); /* 0 to bound - 1 */
bool draw_chance(struct draw *draw, uint32_t percent);
/* Between both, small ones as likely as large ones: first which octave, then where in it. */
uint64_t draw_octaves(struct draw *draw, uint64_t low, uint64_t high);

/* "250ms": from 20 ms to 16 s. */
void draw_time(struct draw *draw, char *out, size_t size);
void draw_distribution(struct draw *draw, char *out, size_t size);
/* A value that the key takes, as a user would write it. */
void draw_value(struct draw *draw, const struct key *key, char *out, size_t size);

#endif
