#include "models/rabbitmq/wire.h"

/* What a client starts is an operation's, if it carries one; the rest is control. Deliveries are pushed:
 * they answer nothing. */
const struct message_kind rabbit_messages[RABBIT_MESSAGE__COUNT] = {
    [RABBIT_OPEN] = {"open", POINT_RABBIT_OPEN_SENT, POINT_RABBIT_OPEN_RECEIVED, false, false},
    [RABBIT_OPENED] = {"opened", POINT_RABBIT_OPENED_SENT, POINT_RABBIT_OPENED_RECEIVED, false, true},
    [RABBIT_CLOSED] = {"closed", POINT_RABBIT_CLOSED_SENT, POINT_RABBIT_CLOSED_RECEIVED, false, false},
    [RABBIT_PUBLISH] = {"publish", POINT_PUBLISH_SENT, POINT_PUBLISH_RECEIVED, true, false},
    [RABBIT_CONFIRM] = {"confirm", POINT_PUBLISH_ACK_SENT, POINT_PUBLISH_ACKED, true, true},
    [RABBIT_RETURN] = {"return", POINT_RABBIT_RETURN_SENT, POINT_RABBIT_RETURN_RECEIVED, true, false},
    [RABBIT_DELIVER] = {"deliver", POINT_DELIVERY_SENT, POINT_DELIVERY_RECEIVED, true, false},
    [RABBIT_ACK] = {"ack", POINT_ACK_SENT, POINT_ACK_RECEIVED, true, false},
    [RABBIT_NACK] = {"nack", POINT_RABBIT_NACK_SENT, POINT_RABBIT_NACK_RECEIVED, true, false},
    [RABBIT_LEAVE] = {"leave", POINT_RABBIT_LEAVE_SENT, POINT_RABBIT_LEAVE_RECEIVED, false, false},
    [RABBIT_HEARTBEAT] = {"heartbeat", POINT_RABBIT_HEARTBEAT_SENT, POINT_RABBIT_HEARTBEAT_RECEIVED,
                          false, false},
    [RABBIT_HEARTBEAT_ANSWER] = {"heartbeat-answer", POINT_RABBIT_HEARTBEAT_ANSWERED,
                                 POINT_RABBIT_HEARTBEAT_ANSWER_RECEIVED, false, false},
    [RABBIT_APPEND] = {"append", POINT_RABBIT_APPEND_SENT, POINT_RABBIT_APPEND_RECEIVED, false, false},
    [RABBIT_APPENDED] = {"appended", POINT_RABBIT_APPEND_ANSWERED, POINT_RABBIT_APPEND_ANSWER_RECEIVED,
                         false, true},
    [RABBIT_VOTE] = {"vote", POINT_RABBIT_VOTE_SENT, POINT_RABBIT_VOTE_RECEIVED, false, false},
    [RABBIT_VOTED] = {"voted", POINT_RABBIT_VOTE_ANSWERED, POINT_RABBIT_VOTE_ANSWER_RECEIVED, false,
                      true},
};

const struct point_row rabbit_points[POINT_RABBIT__END - POINT_GENERIC__COUNT] = {
#define X(id, name, role, about) {name, role, about},
    RABBIT_POINTS(X)
#undef X
};
