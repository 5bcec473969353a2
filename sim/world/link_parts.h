/* What the parts of the links share: link.c (how messages travel), link_break.c (how connections end). For nobody
 * else.
 */
#ifndef SIM_WORLD_LINK_PARTS_H
#define SIM_WORLD_LINK_PARTS_H

#include "sim/base/likely.h"
#include "sim/world/world.h"

/* Purposes of the draws of one transmission: each its own address. */
enum draw { DRAW_LOSS = 1, DRAW_LATENCY, DRAW_DUPLICATE, DRAW_OVERTAKEN, DRAW_COPY, DRAW_RESET };

/* Traced, credited to the fault, and freed. */
void link_lose(struct world *world, struct message *message, enum loss why, uint32_t fault);

static inline int64_t link_latency(struct world *world, const struct channel *channel, uint64_t address,
                                   uint32_t size) {
  const struct link_rules *rules = channel->rules;
  int64_t ns = luck_time(&world->luck, address + DRAW_LATENCY, rules->latency);
  if (UNLIKELY(rules->bandwidth != 0)) ns += (int64_t)((__int128)size * NS_PER_S / rules->bandwidth);
  return ns;
}

/* It came to a process that is not there: the machine answers with a RST, unless that is gone too. */
void link_refuse(struct world *world, struct message *message, struct channel *channel);

/* What is sent on a connection that is half open came to its peer's machine. While that is away nobody answers, and
 * TCP sends it again; once it is back, it knows no such connection, and says so (RFC 9293, 3.5.1 and 3.5.2). */
void link_to_stranger(struct world *world, struct channel *channel, const struct message *message);

#endif
