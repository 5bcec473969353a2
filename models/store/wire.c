#include "models/store/wire.h"

#define STATEMENT                                                                                  \
  .sent = POINT_STATEMENT_SENT, .received = POINT_STATEMENT_RECEIVED, .operation = true

const struct message_kind store_messages[STORE_MESSAGE__COUNT] = {
    [DATABASE_GET] = {.name = "get", STATEMENT},
    [DATABASE_PUT] = {.name = "put", STATEMENT},
    [DATABASE_INSERT_UNIQUE] = {.name = "insert-unique", STATEMENT},
    [DATABASE_APPLY] = {.name = "apply", STATEMENT},
    [DATABASE_COMMIT] = {.name = "commit", STATEMENT},
    [DATABASE_ROLLBACK] = {.name = "rollback", STATEMENT},
    [OUTBOX_INSERT] = {.name = "outbox-insert", STATEMENT},
    [OUTBOX_SELECT] = {.name = "outbox-select", STATEMENT},
    [OUTBOX_MARK] = {.name = "outbox-mark", STATEMENT},
    [OUTBOX_MOVE_CURSOR] = {.name = "outbox-move-cursor", STATEMENT},
    [OUTBOX_DELETE] = {.name = "outbox-delete", STATEMENT},
    [OUTBOX_ROWS] = {.name = "outbox-rows", .sent = POINT_STATEMENT_ANSWERED,
                     .received = POINT_STATEMENT_ANSWER_RECEIVED, .operation = true, .reply = true},
    [STORE_ANSWER] = {.name = "answer", .sent = POINT_STATEMENT_ANSWERED,
                      .received = POINT_STATEMENT_ANSWER_RECEIVED, .operation = true, .reply = true},
    [CACHE_GET] = {.name = "cache-get", STATEMENT},
    [CACHE_SET] = {.name = "cache-set", STATEMENT},
    [CACHE_SET_IF_ABSENT] = {.name = "cache-set-if-absent", STATEMENT},
    [CACHE_DELETE] = {.name = "cache-delete", STATEMENT},
    [PROVIDER_CHARGE] = {.name = "charge", .sent = POINT_REQUEST_SENT, .received = POINT_REQUEST_RECEIVED,
                         .operation = true},
    [PROVIDER_ANSWER] = {.name = "charge-answer", .sent = POINT_REQUEST_ANSWERED,
                         .received = POINT_REQUEST_ANSWER_RECEIVED, .operation = true, .reply = true},
    [SLOT_READ] = {.name = "slot-read", .sent = POINT_STATEMENT_SENT, .received = POINT_STATEMENT_RECEIVED},
    [SLOT_CREATE] = {.name = "slot-create", .sent = POINT_STATEMENT_SENT, .received = POINT_STATEMENT_RECEIVED},
    [SLOT_CONFIRM] = {.name = "slot-confirm", .sent = POINT_STATEMENT_SENT, .received = POINT_STATEMENT_RECEIVED},
    [SLOT_CHANGES] = {.name = "slot-changes", .sent = POINT_STATEMENT_ANSWERED,
                      .received = POINT_STATEMENT_ANSWER_RECEIVED, .operation = true, .reply = true},
    [DATABASE_DELETE] = {.name = "delete", STATEMENT},
    [DATABASE_PUT_IF] = {.name = "put-if", STATEMENT},
    [DATABASE_GET_REPLICA] = {.name = "get-replica", STATEMENT},
};
