#include "sim/runner/explain_words.h"

#include "sim/runner/explain_record.h"

#define FACT_ROW(name) [FACT_##name - TRACE_FACT]

const struct words words_fact[FACT__END - TRACE_FACT] = {
    FACT_ROW(INTENDED) = {"the application wants operation %i (%k)", .brief = "wanted"},
    FACT_ROW(OK) = {"the client learns that it is stored: ok", .brief = "client: ok"},
    FACT_ROW(NONE) = {"the client is done with it: no confirmation exists", .brief = "client: done"},
    FACT_ROW(UNKNOWN) = {"the client gives up: it does not know whether it was stored",
                         .brief = "client: unknown"},
    FACT_ROW(REJECTED) = {"the client is told that it was not stored", .brief = "client: rejected"},
    FACT_ROW(ABANDONED) = {"the client is gone before it learns anything", .brief = "client: gone"},
    FACT_ROW(DELIVERED) = {"a handler starts on it", "a handler starts on it AGAIN (delivery %n)",
                           .brief = "handler starts", .brief_again = "handler starts AGAIN"},
    FACT_ROW(EFFECT) = {"applies it: effect 1", "applies it AGAIN: effect %n",
                        "nothing there remembers that it was done", "effect 1", "effect %n, AGAIN"},
    FACT_ROW(EFFECT_UNDONE) = {"its effect is gone again", .brief = "effect gone"},
    FACT_ROW(DEAD_LETTERED) = {"sets it aside in a dead-letter queue", .brief = "dead-lettered"},
    FACT_ROW(DEAD_LETTER_LEFT) = {"takes it out of the dead-letter queue",
                                  .brief = "out of the dead-letter queue"},
    FACT_ROW(DISPOSED) = {"disposes of it", .brief = "disposed of"},
    FACT_ROW(STUCK) = {"the run is stopped: nothing gets done any more", .brief = "stuck"},
    FACT_ROW(APPENDED) = {"stores it", "stores it AGAIN (copy %n)",
                          "it does not recognise what it had stored before", "stored",
                          "stored AGAIN"},
    FACT_ROW(SUPPRESSED) = {"its handler drops it as a duplicate", .brief = "dropped as duplicate"},
    FACT_ROW(DUPLICATE_REFUSED) = {"has accepted it before: does not store it again",
                                   .brief = "duplicate, not stored"},
    FACT_ROW(REPLAYED) = {"knows the key: answers with the saved result, executes nothing",
                          .brief = "saved result"},
    FACT_ROW(KEY_CONFLICT) = {"refuses: a request with this key is under way", .brief = "refused: under way"},
    FACT_ROW(KEY_MISMATCH) = {"refuses: this key came with other parameters before",
                              .brief = "refused: other parameters"},
    FACT_ROW(SERIALIZATION_FAILED) = {"refuses: what the transaction has read or changes was changed meanwhile",
                                      .brief = "refused: not serializable"},
    FACT_ROW(CONDITION_FAILED) = {"does not write: another value stands there", .brief = "other value there"},
    FACT_ROW(EXPIRED) = {"assumes that it was not processed: makes it visible again",
                         .brief = "visible again"},
    FACT_ROW(FENCED) = {"refuses: the sender is fenced", .brief = "refused: fenced"},
    FACT_ROW(REBALANCED) = {"shares out the partitions anew (generation %v, members: %d)",
                            .brief = "rebalanced"},
    FACT_ROW(RESUBMITTED) = {"the application submits it AGAIN, as something new (attempt %v)",
                             .brief = "submitted AGAIN"},
    FACT_ROW(COMMITTED) = {"commits its row", "commits its row AGAIN (%n)", .brief = "row committed",
                           .brief_again = "row committed AGAIN"},
    FACT_ROW(COMMITTED_UNDONE) = {"its row is gone again", .brief = "row gone"},
    FACT_ROW(TRANSACTION_COMMITTED) = {"commits the transaction", .brief = "committed"},
    FACT_ROW(TRANSACTION_ABORTED) = {"aborts the transaction", .brief = "aborted"},
};
const struct words words_result = {"stores its result", "stores its result again",
                                   .brief = "result stored"};
const struct words words_livelock = {"the run is stopped: nothing has got done in %v events (drain_events)",
                                     .brief = "stuck"};
const struct words words_session = {
    "a member of the group has not been heard of: its session is over", .brief = "session over"};

const struct words words_sent[POINT_GENERIC__COUNT] = {
    [POINT_PUBLISH_SENT] = {.first = "sends it to %p (%m)", .again = "sends it AGAIN to %p (%m, attempt %n)"},
    [POINT_DELIVERY_SENT] = {.first = "hands it out to %p (%m)", .again = "hands it out AGAIN, to %p (%m)"},
    [POINT_STATEMENT_SENT] = {.first = "asks %p to %m"},
    [POINT_REQUEST_SENT] = {.first = "asks %p for a %m", .again = "asks %p AGAIN for a %m"},
    [POINT_ACK_SENT] = {.first = "sends the acknowledgement to %p (%m)",
                        .again = "sends the acknowledgement again to %p (%m)"},
};
const struct words words_sent_own = {.first = "sends it on to %p (%m)",
                                     .again = "sends it on AGAIN to %p (%m)"};

const struct words words_received[POINT_GENERIC__COUNT] = {
    [POINT_DELIVERY_SENT] = {.first = "receives it", .again = "receives it AGAIN"},
};

const struct words words_point[POINT_GENERIC__COUNT] = {
    [POINT_HANDLED] = {"its handler has returned", .brief = "handler returns"},
    [POINT_ACK_APPLIED] = {"notes the acknowledgement: it will not hand it out again",
                           "notes the acknowledgement again", .brief = "acknowledged"},
};

const char *const words_noun[POINT_GENERIC__COUNT] = {
    [POINT_PUBLISH_SENT] = "the request",
    [POINT_PUBLISH_ACK_SENT] = "the confirmation",
    [POINT_DELIVERY_SENT] = "the delivery",
    [POINT_STATEMENT_SENT] = "the statement",
    [POINT_STATEMENT_ANSWERED] = "the database's answer",
    [POINT_REQUEST_SENT] = "the request",
    [POINT_REQUEST_ANSWERED] = "the provider's answer",
    [POINT_ACK_SENT] = "the acknowledgement",
    [POINT_ACK_ANSWER_SENT] = "the answer to the acknowledgement",
};

const struct words words_loss[LOSS_UNSENT + 1] = {
    [LOSS_LINK] = {"the network lost it", .brief = "lost"},
    [LOSS_CUT] = {"the way is cut by %f", .brief = "lost: way cut"},
    [LOSS_RESET] = {"its connection was broken by %f", .brief = "lost: connection broken"},
    [LOSS_DEAD] = {"%p is down, by %f", .brief = "lost: nobody there"},
    [LOSS_STALE] = {"who asked is gone, or asked on a connection that is gone",
                    .brief = "lost: who asked is gone"},
    [LOSS_DROPPED] = {"dropped by %f", .brief = "dropped by %f"},
    [LOSS_UNSENT] = {"its sender died before it left, by %f", .brief = "lost: never left"},
};

const struct words words_node[NODE_CHANGE__COUNT] = {
    [NODE_CHANGE_UP] = {"is back, with an empty memory", .brief = "back"},
    [NODE_CHANGE_DOWN] = {"dies", .brief = "dies: %f"},
    [NODE_CHANGE_PAUSED] = {"stands still", .brief = "stands still: %f"},
    [NODE_CHANGE_RESUMED] = {"goes on", .brief = "goes on"},
};

const char *const words_death[DEATH_DISK + 1] = {
    [DEATH_NONE] = "",
    [DEATH_EXIT] = "asked to stop by %f, it has finished and exits",
    [DEATH_KILL] = "its process was killed by %f",
    [DEATH_POWER] = "its machine lost power by %f",
    [DEATH_DISK] = "its machine is gone with its disk, by %f",
};

const struct words words_fault[VERB__COUNT] = {
    [VERB_SLOW] = {"is slow from here", "is as fast as before", "%f begins", "slow: %f", "fast again"},
    [VERB_SKEW_CLOCK] = {"its clock is wrong from here", "its clock is right again", "%f begins",
                         "clock wrong: %f", "clock right"},
    [VERB_FSYNC_LIES] = {"its disk lies from here: a flush says that it is done and is not",
                         "its flushes are true again", "%f begins", "disk lies: %f", "disk is true"},
    [VERB_FAILOVER] = {"another takes over what it leads", NULL, "%f", .brief = "failover: %f"},
    [VERB_LOSE_SLOT] = {"the replication slot is gone", NULL, "%f", .brief = "slot lost: %f"},
    [VERB_MOVE_COORDINATOR] = {"another coordinates from here", NULL, "%f", .brief = "moved: %f"},
    [VERB_PARTITION] = {"is cut off", "is connected again", "%f begins", "cut off: %f", "connected again"},
    [VERB_RESET] = {"its connections break", NULL, "%f", .brief = "connections break"},
    [VERB_CLOG] = {"nothing moves on its connections", "they move again", "%f begins", "clogged: %f",
                   "free again"},
    [VERB_DEGRADE] = {"its link is degraded", "its link is as before", "%f begins", "degraded: %f",
                      "link as before"},
    [VERB_DELAY] = {"what it sends is held up on the way", NULL, "%f", .brief = "held up: %f"},
    [VERB_REDELIVER] = {"a copy of its message is left on a server that is out of reach", NULL, "%f",
                        .brief = "copy left: %f"},
    [VERB_DUPLICATE] = {"what it sends is doubled on the way", NULL, "%f", .brief = "doubled: %f"},
};

const struct words words_failed[CALL_ERROR_UNKNOWN + 1] = {
    [CALL_ERROR_REFUSED] = {"its handler's call %s is refused", NULL, "%f", .brief = "refused: %f"},
    [CALL_ERROR_SERIALIZATION] = {"its handler's call %s is refused: serialization failure", NULL, "%f",
                                  .brief = "refused: %f"},
    [CALL_ERROR_DEADLOCK] = {"its handler's call %s is refused: deadlock", NULL, "%f", .brief = "refused: %f"},
    [CALL_ERROR_UNKNOWN] = {"its handler's call %s is not made, and gets no answer", NULL, "%f",
                            .brief = "not made: %f"},
};
const struct words words_unanswered = {"its handler's call %s is made, and its answer is lost", NULL, "%f",
                                       .brief = "answer lost: %f"};
const struct words words_step = {"its handler does by itself: %s", .brief = "%s"};

const char *const words_cause[] = {
    [CAUSE_NONE] = "",
    [CAUSE_MESSAGE] = "%t from %c",
    [CAUSE_TIMER] = "timer '%t' is over",
    [CAUSE_DISCONNECT] = "the connection to %c broke",
    [CAUSE_FAULT] = "",
};
