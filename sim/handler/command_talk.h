/* What a consumer's process and the tool say to each other about messages, as the files of the command kind share
 * it.
 *
 * What is deterministic about it: after each line that the tool writes about a message it waits for the next line
 * about that message, so that the simulator never goes on while a process still works; lines about other
 * messages that come meanwhile wait until it is their turn. So every message's lines are taken in the order in
 * which they were written, at moments that the simulation determines.
 *
 * [I1] A line is read (and so, which message one without a number is about is decided) only when somebody waits
 *      for it: how many lines are in the pipe by then makes no difference.
 * [I2] When a process is gone, `processes` of its consumer rises, and every message that was under way in it has
 *      failed: whoever comes back from a call sees that its process is not the one that runs.
 */
#ifndef SIM_HANDLER_COMMAND_TALK_H
#define SIM_HANDLER_COMMAND_TALK_H

#include "sim/handler/command_process.h"
#include "sim/handler/command_protocol.h"

struct command {
  struct program program; /* first */
  struct program_command options;
  struct values values;
  struct proxy_server *server; /* NULL = none */
};

/* A message that is under way in a process. */
struct talk {
  bool used, said;   /* said: a line about it has come */
  uint64_t number;   /* of the message, in the process that has it */
  uint64_t process;  /* which one that is, of the consumer's */
  struct protocol_line now; /* that is being done */
  struct protocol_line *waiting; /* that came meanwhile, from `first` on */
  size_t first, count, capacity;
  uint64_t lines, bytes;
  int blocked; /* how often the process's own server kept it waiting, since it last did anything */
};
struct consumer {
  struct command *command;
  char *const *list; /* what runs */
  struct process process;
  uint64_t processes; /* rises with each that starts or is gone */
  uint64_t numbers;   /* of messages given to it */
  bool terminated;
  struct talk **talks;
  size_t talk_count, talk_capacity;
};

struct talk *talk_begin(struct consumer *consumer);
/* Returns `status`. */
int talk_end(struct talk *talk, int status);
/* Whatever is kept for messages, of a consumer that ends. */
void talks_free(struct consumer *consumer);

enum news {
  NEWS_LINE,
  NEWS_LOST,    /* the process is gone, or something is wrong with the program */
  NEWS_FINISHED /* it had finished before it had anything to do with this message, after others: a program may
                   serve one message, and exit */
};
/* Hands a message to the process that runs and does what it wants about it, until it is done. NEWS_LINE: *status
 * is enum dg_status. On the fiber: it may never return. */
enum news talk_about(struct consumer *consumer, struct talk *talk, struct dg_context *context,
                     const struct dg_message *message, int *status);

#endif
