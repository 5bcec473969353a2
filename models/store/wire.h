/* The requests of all stores, and their answers. Whoever calls several of them (a handler host) has one
 * table of messages; a store's state table is empty where a request is not for it. */
#ifndef MODELS_STORE_WIRE_H
#define MODELS_STORE_WIRE_H

#include "sim/world/model.h"

enum store_message {
  DATABASE_GET,           /* a = hash of the table's name, b = key, c = value; d: see below */
  DATABASE_PUT,           /* likewise */
  DATABASE_INSERT_UNIQUE, /* likewise */
  DATABASE_APPLY,         /* b = key: does the operation of message->intent to its row */
  DATABASE_COMMIT,
  DATABASE_ROLLBACK,
  STORE_ANSWER, /* a = enum dg_status, b = value read */
  /* Others follow, so that a trace's numbers stay: */
  CACHE_GET,           /* a = hash of the keys' name, b = key */
  CACHE_SET,           /* likewise, c = value, d = time to live, ns, 0 = for ever */
  CACHE_SET_IF_ABSENT, /* likewise */
  CACHE_DELETE,        /* as CACHE_GET */
  PROVIDER_CHARGE, /* a = account, b = idempotency key, 0 = none, c = amount */
  PROVIDER_ANSWER, /* a = enum dg_status, b = number of the charge */
  DATABASE_DELETE,        /* a, b, d as of a GET */
  DATABASE_PUT_IF,        /* as of a PUT; one record: handle = the value that is expected */
  OUTBOX_INSERT,      /* one record: the event; d: as above */
  OUTBOX_SELECT,      /* a = how many at most, b = OUTBOX_BY_CURSOR | OUTBOX_SKIP_LOCKED, c = id behind which
                         with the former; d: as above */
  OUTBOX_MARK,        /* records: `handle` = ids that are published; d: as above */
  OUTBOX_MOVE_CURSOR, /* a = id up to which the relay has read; d: as above */
  OUTBOX_DELETE,      /* a = how old a row must be, ns, b = flags, c = span of a partition; d: as above */
  OUTBOX_ROWS,        /* records: rows, by id */
  SLOT_READ,          /* a = position behind which, b = how many at most, c = position up to which the reader
                         has stored: waits until there is a change */
  SLOT_CREATE,        /* answered with b = position behind which it begins */
  SLOT_CONFIRM,       /* a = position up to which the reader is done */
  SLOT_CHANGES,       /* a = enum dg_status: NOT_FOUND = no slot, CONFLICT = it begins behind that position;
                         b = where it begins; records: `handle` = position */
  DATABASE_GET_REPLICA, /* a, b as of a GET, in no transaction */
  STORE_MESSAGE__COUNT
};

/* `d` of a database's request: the client's number of the transaction, 0 = none, and whether it begins it. */
#define DATABASE_BEGINS (INT64_C(1) << 32)

enum {
  OUTBOX_BY_CURSOR = 1,       /* WHERE id > the relay's cursor; else WHERE NOT published */
  OUTBOX_SKIP_LOCKED = 2,     /* FOR UPDATE SKIP LOCKED */
  OUTBOX_BY_PARTITION = 4,    /* drops whole partitions by created_at instead of deleting rows */
  OUTBOX_UNPUBLISHED_TOO = 8, /* age alone counts */
  OUTBOX_ARCHIVED = 16,       /* rows are copied elsewhere first */
};

/* Bytes on the wire of a request or answer: a statement, prepared, with two parameters. */
#define STORE_WIRE_BYTES 128
/* Of a request or answer over HTTPS: header fields and a short body. */
#define PROVIDER_WIRE_BYTES 1024

extern const struct message_kind store_messages[STORE_MESSAGE__COUNT];

#endif
