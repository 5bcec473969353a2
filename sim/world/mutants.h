/* Faults of the world that can be switched on: see sim/base/mutant.h. */
#ifndef SIM_WORLD_MUTANTS_H
#define SIM_WORLD_MUTANTS_H

#include "sim/base/mutant.h"

#define WORLD_MUTANTS(X)                                                                           \
  X(WORLD_PARTITION_LEAKS, "world-partition-leaks", "world/test_link",                             \
    "a cut lets every other message through")                                                      \
  X(WORLD_LOSS_OF_OTHER_WAY, "world-loss-of-other-way", "world/test_link",                         \
    "what is lost of answers is taken from requests, and the reverse")                             \
  X(WORLD_KILLED_GOES_ON, "world-killed-goes-on", "world/test_fault",                              \
    "a node that is killed at a point still does what it was doing")                               \
  X(WORLD_POWER_LOSS_AS_KILL, "world-power-loss-as-kill", "C02-breaks-power-loss",                 \
    "a machine without power keeps what it had not flushed")                                       \
  X(WORLD_DISK_STAYS, "world-disk-stays", "world/test_disk", "a disk that is gone comes back with what was on it") \
  X(WORLD_SAME_INCARNATION, "world-same-incarnation", "world/test_node",                           \
    "a process that comes back is taken for the one that died: its timers fire")                   \
  X(WORLD_CALLS_SURVIVE, "world-calls-survive", "world/test_call",                                 \
    "the calls of a producer that dies are not abandoned, and never return")                       \
  X(WORLD_TIMEOUT_IS_OK, "world-timeout-is-ok", "C04-breaks",                                      \
    "a call of which nobody knows how it ended is stated as confirmed")                            \
  X(WORLD_HIT_NOT_COUNTED, "world-hit-not-counted", "world/test_fault",                            \
    "a fault that perturbs something is not credited with it")                                     \
  X(WORLD_HIT_OF_NOTHING, "world-hit-of-nothing", "world/test_fault",                              \
    "a fault counts as effective as soon as it begins")                                            \
  X(WORLD_DELAY_OF_NOTHING, "world-delay-of-nothing", "world/test_pause_and_delay",                \
    "a delayed message is not late")                                                               \
  X(WORLD_NO_COPY, "world-no-copy", "world/test_link", "the copy of a datagram is never sent")     \
  X(WORLD_RESET_LOSES_NOTHING, "world-reset-loses-nothing", "world/test_link",                     \
    "all that is under way on a connection survives its reset")                                    \
  X(WORLD_STALE_ANSWER, "world-stale-answer", "world/test_link",                                   \
    "an answer to a process that died is given to the one that came back")                         \
  X(WORLD_HALF_OPEN_SERVED, "world-half-open-served", "world/test_half_open",                      \
    "a machine that comes back answers on connections that it cannot know any more")               \
  X(WORLD_SENT_WHEN_DEAD, "world-sent-when-dead", "world/test_link",                               \
    "what had not left when its sender died arrives all the same")                                 \
  X(WORLD_NO_PAUSE, "world-no-pause", "world/test_pause_and_delay", "what comes to a paused node does not wait") \
  X(WORLD_FSYNC_TRUE, "world-fsync-true", "world/test_disk", "a disk that lies has flushed")       \
  X(WORLD_ENDS_EARLY, "world-ends-early", "world/test_drain",                                      \
    "a run is over when one thing is still under way")                                             \
  X(WORLD_STUCK_IS_DRAINED, "world-stuck-is-drained", "world/test_drain",                          \
    "a run that had to stop says that it has drained")                                             \
  X(WORLD_LUCK_OF_ORDER, "world-luck-of-order", "world/test_luck_sharing",                         \
    "the luck of a message depends on how many were sent before it")                               \
  X(WORLD_OVERTAKES, "world-overtakes", "world/test_link",                                         \
    "on a connection a message may come before one that was sent earlier")                         \
  X(WORLD_DEGRADED_FOR_EVER, "world-degraded-for-ever", "world/test_link_faults",                  \
    "a link that was degraded does not heal")                                                      \
  X(WORLD_ONE_CORE_MORE, "world-one-core-more", "world/test_cores", "a request does not wait for a core") \
  X(WORLD_RESUBMITS_CONFIRMED, "world-resubmits-confirmed", "world/test_client",                   \
    "an application submits again what was confirmed")                                             \
  X(WORLD_EFFECT_OF_FIRST_GROUP, "world-effect-of-first-group", "C08-breaks",                              \
    "an effect is stated for the first group, whoever had it")                                     \
  X(WORLD_LAST_ARRIVAL_FORGOTTEN, "world-last-arrival-forgotten", "world/test_workload",           \
    "the last operation of a workload never arrives")

enum world_mutant {
  MUTANT_WORLD_BEFORE_ = MUTANT_WORLD_FIRST - 1,
#define X(id, name, noticed_by, about) MUTANT_##id,
  WORLD_MUTANTS(X)
#undef X
      MUTANT_WORLD_END
};

#endif
