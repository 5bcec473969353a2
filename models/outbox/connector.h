/* A connector that reads the log of a service's database through a replication slot and publishes the events
 * of its outbox table, as Debezium's PostgreSQL connector with the outbox event router does. It runs on
 * relay.1, above the system's producer component; other relays stand by and do nothing.
 *
 *               changes                all confirmed
 *   [reading] ----------> [publishing] -------------> [reading]
 *      | ^                     | one was not, or the connection broke
 *      | '--retriable.restart.connector.wait.ms-- [waiting] <-'    it goes on behind the stored offset
 *      '- no such slot -> [creating] -> (snapshot.mode) -> [snapshot] <-> [publishing], or [reading]
 *
 * What it has published it knows as a position of the log. Each offset.flush.interval.ms from the start of its
 * process on, that position is stored as its offset, and confirmed to the slot, which may forget the log up to
 * there (Kafka Connect: SourceTaskOffsetCommitter.schedule). A clean stop stores it too.
 *
 * Durable: the stored offset, and that a snapshot is not whole yet, which Kafka Connect keeps in a topic.
 * Volatile: all else. A connector that dies publishes again what it has published since it stored its offset:
 * at least once, in the order of commits. With no polling there is no wait for a poll, and no SELECT. A slot
 * that is gone (a standby that took over without it, or max_slot_wal_keep_size) is created again where the log
 * stands then: what it kept is a gap; snapshot.mode when_needed reads the whole table then, as far as no cleanup
 * has emptied it. A connector that dies before it has heard of its new slot sees the gap in the next answer.
 *
 * A database whose disk lied, or whose standby lacked the last commits, gives positions a second time. A
 * connector that had read the first ones passes over what has them now: lost (PostgreSQL: what is before the
 * position that a reader names is not decoded).
 *
 * [I1] Positions of what is published only rise between two failures; the stored offset falls only to where a
 *      new slot begins.
 * [I2] One request to the database is under way at most, and never beside publications.
 * LIMIT: changes are asked for batch by batch, where a real server streams: a round trip between two batches.
 * LIMIT: storing the offset takes no time and does not fail (Kafka Connect: offset.flush.timeout.ms).
 * LIMIT: it publishes with the system's producer. A Kafka Connect worker's own has acks=all, one request in flight, no
 *        idempotence and no end to delivery.timeout.ms, unless it is configured otherwise (Worker.baseProducerConfigs
 *        of Kafka 4.0).
 * LIMIT: a producer that gives up stops a real task for good, until somebody starts it again; here it starts again by
 *        itself.
 */
#ifndef MODELS_OUTBOX_CONNECTOR_H
#define MODELS_OUTBOX_CONNECTOR_H

#include "models/outbox/cleanup.h"

enum connector_key {
  KEY_CONNECTOR_FLUSH = KEY_CLEANUP__COUNT,
  KEY_CONNECTOR_RESTART,
  KEY_CONNECTOR_BATCH,
  KEY_CONNECTOR_SNAPSHOT,
  KEY_CONNECTOR__COUNT
};
enum { SNAPSHOT_INITIAL, SNAPSHOT_WHEN_NEEDED };

extern const struct component connector_relay;

#endif
