#include "sim/world/fault_verbs.h"

#include "sim/world/handler_call.h"

#define FIELD(name)                                                                                \
  .offset = offsetof(struct fault_plan, name), .size = sizeof((struct fault_plan){0}.name)

const struct fault_key fault_timing_keys[FAULT_TIMING_KEY__COUNT] = {
    [FAULT_KEY_AT] = {{"at", VALUE_TIME, "", NULL, 0, 0,
                       "the instant; with `every`, of the first time", NULL},
                      FAULT_KEY_VALUE, FIELD(at)},
    [FAULT_KEY_EVERY] = {{"every", VALUE_DISTRIBUTION, "", NULL, 0, 0,
                          "the gap from one heal to the next beginning; the first comes after one gap "
                          "unless `at` says when", NULL},
                         FAULT_KEY_VALUE, FIELD(every)},
    [FAULT_KEY_TIMES] = {{"times", VALUE_COUNT, "", NULL, 1, UINT32_MAX,
                          "with `every`: at most so often", NULL},
                         FAULT_KEY_VALUE, FIELD(times)},
    [FAULT_KEY_UNTIL] = {{"until", VALUE_TIME, "", NULL, 0, 0,
                          "with `every`: none begins later (default: the last planned arrival)", NULL},
                         FAULT_KEY_VALUE, FIELD(until)},
    [FAULT_KEY_STABILITY] = {{"stability", VALUE_TIME, "", NULL, 0, 0,
                              "with `every`: the least time from a heal to the next beginning", NULL},
                             FAULT_KEY_VALUE, FIELD(stability)},
    [FAULT_KEY_WHEN] = {{"when", VALUE_ENUM, "", NULL, 0, 0,
                         "a point of the protocol: just after it, or with `before` just before", NULL},
                        FAULT_KEY_POINT, FIELD(point)},
    [FAULT_KEY_INTENT] = {{"intent", VALUE_COUNT, "", NULL, 1, INT64_MAX,
                           "with `when`: only for this operation", NULL},
                          FAULT_KEY_VALUE, FIELD(intent)},
    [FAULT_KEY_ATTEMPT] = {{"attempt", VALUE_COUNT, "", NULL, 1, UINT32_MAX,
                            "with `when`: only the operation's n-th time at this point", NULL},
                           FAULT_KEY_VALUE, FIELD(attempt)},
    [FAULT_KEY_NTH] = {{"nth", VALUE_COUNT, "", NULL, 1, UINT32_MAX,
                        "with `when`: only the n-th of all that match (not paired between rows)", NULL},
                       FAULT_KEY_VALUE, FIELD(nth)},
    [FAULT_KEY_NODE] = {{"node", VALUE_ENUM, "", NULL, 0, 0, "with `when`: only at these nodes", NULL},
                        FAULT_KEY_NODES, FIELD(when_node)},
    [FAULT_KEY_CALL] = {{"call", VALUE_ENUM, "any", HANDLER_CALL_WORDS, 0, 0,
                         "with `when: handler-step`: only at this call of the handler; `attempt` and `nth` then "
                         "count such calls", NULL},
                        FAULT_KEY_VALUE, FIELD(call)},
};

const struct fault_key fault_common_keys[FAULT_COMMON_KEY__COUNT] = {
    [FAULT_KEY_NAME_] = {{"name", VALUE_ENUM, "", NULL, 0, 0,
                          "what it is called; it keys its luck (default: verb-number, such as kill-1)",
                          NULL},
                         FAULT_KEY_NAME, 0, 0},
    [FAULT_KEY_FOR] = {{"for", VALUE_TIME, "", NULL, 0, 0, "how long it lasts", NULL},
                       FAULT_KEY_VALUE, FIELD(lasts)},
    [FAULT_KEY_CHANCE] = {{"chance", VALUE_SHARE, "100%", NULL, 0, SCHEMA_SHARE_SCALE,
                           "probability that it happens when its time or point comes", NULL},
                          FAULT_KEY_VALUE, FIELD(chance)},
    [FAULT_KEY_MIN_HITS] = {{"min_hits", VALUE_COUNT, "1", NULL, 0, UINT32_MAX,
                             "fewer hits in the whole campaign make the result inconclusive", NULL},
                            FAULT_KEY_VALUE, FIELD(min_hits)},
};

#define LATE                                                                                       \
  {{"late", VALUE_TIME, "", NULL, 0, 0,                                                            \
    "what it had sent and is still under way is executed so long after its death", NULL},          \
   FAULT_KEY_VALUE, FIELD(late)}
static const struct fault_key kill_keys[] = {LATE};
static const struct fault_key power_loss_keys[] = {
    LATE,
    {{"unsynced", VALUE_ENUM, "dropped", "dropped torn", 0, 0,
      "what becomes of writes that were not synced: all dropped, or a prefix kept", NULL},
     FAULT_KEY_VALUE, FIELD(unsynced)},
};
static const struct fault_key terminate_keys[] = {
    {{"grace", VALUE_TIME, "30s", NULL, 0, 0, "time to finish before it is killed",
      "Kubernetes terminationGracePeriodSeconds"},
     FAULT_KEY_VALUE, FIELD(grace)},
};
static const struct fault_key deploy_keys[] = {
    {{"max_unavailable", VALUE_COUNT, "1", NULL, 1, PLAN_NODES_MAX,
      "so many instances may be down at once", NULL},
     FAULT_KEY_VALUE, FIELD(max_unavailable)},
    {{"grace", VALUE_TIME, "30s", NULL, 0, 0, "time for each instance to finish before it is killed",
      "Kubernetes terminationGracePeriodSeconds"},
     FAULT_KEY_VALUE, FIELD(grace)},
    {{"mode", VALUE_ENUM, "drain", "drain kill", 0, 0,
      "drain: each instance is terminated with grace; kill: it dies at once", NULL},
     FAULT_KEY_VALUE, FIELD(mode)},
};
static const struct fault_key slow_keys[] = {
    {{"factor", VALUE_COUNT, "10", NULL, 2, 10000, "so many times as long", NULL},
     FAULT_KEY_VALUE, FIELD(factor)},
    {{"what", VALUE_ENUM, "cpu", "cpu disk both", 0, 0,
      "cpu: the service of requests and the work of handlers; disk: flushes; both", NULL},
     FAULT_KEY_VALUE, FIELD(slow_what)},
};
static const struct fault_key skew_clock_keys[] = {
    {{"offset", VALUE_TIME, "", NULL, 1, SCHEMA_TIME_MAX_NS, "how far the clock jumps: needed", NULL},
     FAULT_KEY_VALUE, FIELD(skew)},
    {{"direction", VALUE_ENUM, "forward", "forward back", 0, 0,
      "forward: it is ahead by the offset; back: it is behind, maybe below 0", NULL},
     FAULT_KEY_VALUE, FIELD(skew_direction)},
};
static const struct fault_key failover_keys[] = {
    {{"election", VALUE_ENUM, "clean", "clean unclean", 0, 0,
      "clean: only who has all that was acknowledged may take over; unclean: anybody", NULL},
     FAULT_KEY_VALUE, FIELD(election)},
};
static const struct fault_key fail_keys[] = {
    {{"error", VALUE_ENUM, "refused", "refused serialization deadlock unknown", 0, 0,
      "before the call: what its caller is told, of a call that is not made; after it the answer is lost, "
      "whatever this says", NULL},
     FAULT_KEY_VALUE, FIELD(error)},
};
static const struct fault_key partition_keys[] = {
    {{"from", VALUE_ENUM, "", NULL, 0, 0, "the other side (default: everybody else)", NULL},
     FAULT_KEY_NODES, FIELD(from)},
    {{"direction", VALUE_ENUM, "both", "both out in", 0, 0,
      "out: what the target sends is lost; in: what is sent to it; both", NULL},
     FAULT_KEY_VALUE, FIELD(direction)},
    {{"shape", VALUE_ENUM, "sides", "sides halves majority bridge ring", 0, 0,
      "sides: the target from the other side; else the target itself is split, as drawn: in halves; a "
      "majority from the rest; in halves with one node that sees both; each sees only its two neighbours",
      NULL},
     FAULT_KEY_VALUE, FIELD(shape)},
};

#define SHARE(name, help, field)                                                                   \
  {{name, VALUE_SHARE, "", NULL, 0, SCHEMA_SHARE_SCALE, help, NULL}, FAULT_KEY_VALUE, FIELD(field)}
static const struct fault_key degrade_keys[] = {
    {{"latency", VALUE_DISTRIBUTION, "", NULL, 0, 0, "each way, for the time being", NULL},
     FAULT_KEY_VALUE, FIELD(degrade.latency)},
    SHARE("loss", "of each transmission, both ways, for the time being", degrade_loss),
    SHARE("request_loss", "one way, instead of loss", degrade.request_loss),
    SHARE("reply_loss", "the other way, instead of loss", degrade.reply_loss),
    SHARE("duplication", "of datagrams, for the time being", degrade.duplication),
    SHARE("reordering", "of datagrams, for the time being", degrade.reordering),
    {{"bandwidth", VALUE_BANDWIDTH, "", NULL, 1, INT64_C(1) << 50, "each way, for the time being", NULL},
     FAULT_KEY_VALUE, FIELD(degrade.bandwidth)},
};

#define KEYS(table) .keys = table, .key_count = sizeof table / sizeof *table

const struct fault_verb fault_verbs[VERB__COUNT] = {
    [VERB_KILL] = {.name = "kill", .target = FAULT_TARGET_NODES, KEYS(kill_keys),
                   .for_default = "1s", .for_means = "down, then restarted",
                   .help = "the process dies; what it wrote to its disk survives",
                   .hit = "a request, lease, delivery or handler died with it"},
    [VERB_POWER_LOSS] = {.name = "power_loss", .target = FAULT_TARGET_NODES, KEYS(power_loss_keys),
                         .for_default = "1s", .for_means = "down, then restarted",
                         .help = "the machine dies; writes that were not synced are lost",
                         .hit = "a request, lease, delivery, handler or unsynced write died with it"},
    [VERB_DISK_GONE] = {.name = "disk_gone", .target = FAULT_TARGET_NODES, KEYS(kill_keys),
                        .for_default = "1s", .for_means = "down, then restarted",
                        .help = "the machine dies and its disk with it: it comes back with an empty one, "
                                "unless the system's contract keeps the data elsewhere",
                        .hit = "a request, lease, delivery, handler or something stored died with it"},
    [VERB_TERMINATE] = {.name = "terminate", .target = FAULT_TARGET_NODES, KEYS(terminate_keys),
                        .for_default = "1s", .for_means = "down after its end",
                        .help = "the process is asked to finish, and killed when the grace is over",
                        .hit = "a request, lease, delivery or handler was drained, or died with it"},
    [VERB_DEPLOY] = {.name = "deploy", .target = FAULT_TARGET_NODES, KEYS(deploy_keys),
                     .for_default = "1s", .for_means = "from the end of an instance to its new start",
                     .help = "a rolling restart: the targets one after the other, in their order",
                     .hit = "a request, lease, delivery or handler was drained, or died with an instance"},
    [VERB_PAUSE] = {.name = "pause", .target = FAULT_TARGET_NODES, .for_default = NULL,
                    .for_means = "until it goes on",
                    .help = "the process stands still (a long garbage collection), and then goes on as "
                            "if no time had passed",
                    .hit = "a message or a timer had to wait"},
    [VERB_SLOW] = {.name = "slow", .target = FAULT_TARGET_NODES, KEYS(slow_keys), .for_default = NULL,
                   .for_means = "until it is as fast as before", .one_window = true,
                   .help = "what its CPU or its disk has to do from here takes so many times as long",
                   .hit = "a service, a handler's work or a flush that took longer"},
    [VERB_SKEW_CLOCK] = {.name = "skew_clock", .target = FAULT_TARGET_NODES, KEYS(skew_clock_keys),
                         .for_default = NULL, .for_means = "until the clock is right again", .one_window = true,
                         .help = "the clock that a handler reads (dg_now) is wrong; what waits for a span of "
                                 "time is not. Refused where no handler reads one: those that come with dgsim "
                                 "do not, a program of `dgsim check` can",
                         .hit = "a handler read the clock"},
    [VERB_FSYNC_LIES] = {.name = "fsync_lies", .target = FAULT_TARGET_NODES, .for_default = NULL,
                         .one_window = true,
                         .for_means = "until a flush is true again",
                         .help = "a flush of the disk says that it is done and is not: what it should have "
                                 "made durable is lost with the power, unless a true flush follows",
                         .hit = "a flush that lied"},
    [VERB_FSYNC_FAILS] = {.name = "fsync_fails", .target = FAULT_TARGET_NODES, .for_default = "1s",
                          .for_means = "down, then restarted",
                          .help = "the next flush of the disk fails: the process stops, and what it was "
                                  "to make durable is not",
                          .hit = "a flush that failed"},
    [VERB_FAILOVER] = {.name = "failover", .target = FAULT_TARGET_NODES, KEYS(failover_keys),
                       .for_default = "", .of_system = true, .such_as = "broker.leader or cache.1",
                       .help = "another node takes over what these lead",
                       .hit = "something under way at who led before"},
    [VERB_MOVE_COORDINATOR] = {.name = "move_coordinator", .target = FAULT_TARGET_NODES,
                               .for_default = "", .of_system = true, .such_as = "broker.coordinator",
                               .help = "another node coordinates what these coordinate",
                               .hit = "something under way at who coordinated before"},
    [VERB_LOSE_SLOT] = {.name = "lose_slot", .target = FAULT_TARGET_NODES,
                        .for_default = "", .of_system = true, .such_as = "producer_database.1",
                        .help = "the replication slot is gone, as when a standby takes over that does not have it",
                        .hit = "a change of the log that nobody had confirmed"},
    [VERB_PARTITION] = {.name = "partition", .target = FAULT_TARGET_NODES, KEYS(partition_keys),
                        .for_default = NULL, .for_means = "until it heals", .one_window = true,
                        .help = "messages between the target and the other side do not arrive",
                        .hit = "a transmission lost or delayed"},
    [VERB_RESET] = {.name = "reset", .target = FAULT_TARGET_LINK, .for_default = "",
                    .help = "the connections break; what was under way is of unknown fate",
                    .hit = "a request or answer was under way on a connection that broke"},
    [VERB_CLOG] = {.name = "clog", .target = FAULT_TARGET_LINK, .for_default = NULL,
                   .for_means = "until it is free again", .one_window = true,
                   .help = "nothing moves on the connections in either direction: what is under way waits, "
                           "and goes on in order",
                   .hit = "a message had to wait"},
    [VERB_DEGRADE] = {.name = "degrade", .target = FAULT_TARGET_LINK, KEYS(degrade_keys),
                      .for_default = NULL, .for_means = "until it is as before", .one_window = true,
                      .help = "the link has other latency, losses or bandwidth for the time being",
                      .hit = "a message that was slower, or of another fate, than without it"},
    [VERB_DROP] = {.name = "drop", .target = FAULT_TARGET_THIS, .for_default = "",
                   .help = "the message at the point is lost; on a connection, a reset there",
                   .hit = "the message was lost"},
    [VERB_DELAY] = {.name = "delay", .target = FAULT_TARGET_THIS, .for_default = NULL,
                    .for_means = "how much later it arrives",
                    .help = "the message that leaves at the point is held up in the network; on a "
                            "connection, so is all that follows it",
                    .hit = "the message was held up"},
    [VERB_DUPLICATE] = {.name = "duplicate", .target = FAULT_TARGET_THIS, .for_default = "",
                        .help = "the message that leaves at the point arrives twice; on a connection "
                                "that cannot happen",
                        .hit = "a second copy was under way"},
    [VERB_FAIL] = {.name = "fail", .target = FAULT_TARGET_THIS, KEYS(fail_keys), .for_default = "",
                   .help = "a handler's call fails: before the step it is not made, after it it was made and "
                           "its answer is lost",
                   .hit = "a call of a handler that asks somebody else"},
    [VERB_REDELIVER] = {.name = "redeliver", .target = FAULT_TARGET_THIS, .for_default = NULL,
                        .for_means = "how much later", .of_system = true, .such_as = "this",
                        .help = "the message of the operation at the point is handed out once more, although "
                                "it was acknowledged: a copy was on a server that was out of reach",
                        .hit = "the copy was handed out"},
};

const char *const fault_verbs_later =
    "expire_lease";
const char *const fault_keys_later = "version drift lose";
