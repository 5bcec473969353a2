/* Who is connected: how many may be, and what a connection that breaks leaves behind. */
#include "models/store/database_state.h"

static void leave_place(struct database *database, struct peer_connection *connection) {
  database->connections -= connection->open;
  connection->open = false;
}

/* Rolls back what a broken connection has left open. Single statements and commits go on. */
static void close_connection(struct world *world, struct node *node, uint16_t peer, uint32_t epoch) {
  struct database *database = database_of(node);
  for (uint32_t i = 0; i < database->sessions.transaction_count; i++) {
    const struct transaction *transaction = transaction_at(database, i);
    if (transaction->state != TRANSACTION_OPEN && transaction->state != TRANSACTION_WAITING) continue;
    if (transaction->node == peer && transaction->id && transaction->epoch == epoch)
      database_abort(world, node, i);
  }
  struct peer_connection *connection = &database->peers[peer].connections[epoch % PEER_CONNECTIONS];
  if (connection->number == epoch + 1) leave_place(database, connection);
}

/* What is known of a connection; the one that had its place can bring nothing any more. */
static struct peer_connection *connection_of(struct world *world, struct node *node, uint16_t peer,
                                             uint32_t epoch) {
  struct peer *state = &database_of(node)->peers[peer];
  struct peer_connection *connection = &state->connections[epoch % PEER_CONNECTIONS];
  if (connection->number == epoch + 1) return connection;
  if (connection->closing) close_connection(world, node, peer, connection->number - 1);
  leave_place(database_of(node), connection);
  *connection = (struct peer_connection){.number = epoch + 1};
  return connection;
}

/* It is closed when the last that it brings has come. */
static void note_broken(struct world *world, struct node *node, const struct channel *channel,
                        uint16_t peer, uint32_t epoch) {
  struct peer_connection *connection = connection_of(world, node, peer, epoch);
  connection->limit = link_old_limit(channel, epoch, channel->ends[0] == peer ? 0 : 1);
  connection->closing = connection->seen < connection->limit;
  if (!connection->closing) close_connection(world, node, peer, epoch);
}

void database_disconnected(struct world *world, struct node *node, uint16_t peer) {
  const struct channel *channel = link_channel(world, node->id, peer);
  if (!channel) return;
  struct peer *state = &database_of(node)->peers[peer];
  if (channel->epoch > state->broken + PEER_CONNECTIONS)
    state->broken = channel->epoch - PEER_CONNECTIONS;
  for (; state->broken < channel->epoch; state->broken++)
    note_broken(world, node, channel, peer, state->broken);
}

void database_note_seen(struct world *world, struct node *node, const struct message *request) {
  connection_of(world, node, request->from, request->epoch)->seen = request->sequence;
}

/* After each request: the last that a broken connection brought closes it. */
void database_close_if_last(struct world *world, struct node *node, uint16_t peer, uint32_t epoch) {
  struct peer_connection *connection = connection_of(world, node, peer, epoch);
  if (!connection->closing || connection->seen < connection->limit) return;
  connection->closing = false;
  close_connection(world, node, peer, epoch);
}

/* A client connects with its first statement. */
bool database_connects(struct world *world, struct node *node, const struct message *request) {
  struct database *database = database_of(node);
  struct peer_connection *connection = connection_of(world, node, request->from, request->epoch);
  if (connection->open) return true;
  if (database->connections >= database_setting(world, KEY_DATABASE_MAX_CONNECTIONS)) return false;
  database->connections++;
  return connection->open = true;
}
