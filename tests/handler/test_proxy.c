#include "tests/handler/command_rig.h"
#include "tests/run_suite.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

/* A server that answers each line, and needs a while to close a connection whose client has gone. With a lock,
 * line `a` takes it and is not answered while another client has it; `b`, or the client's end, gives it back. */
#define CLIENTS_MAX 8
struct server {
  int listener, stop[2];
  char address[32];
  pthread_t thread;
  pthread_mutex_t lock;
  bool locks;
  int owner, waiter; /* clients; 0 = none */
  char journal[1024];
};

static void server_note(struct server *server, const char *what, const char *text) {
  pthread_mutex_lock(&server->lock);
  const size_t length = strlen(server->journal);
  snprintf(server->journal + length, sizeof server->journal - length, "%s%s\n", what, text);
  pthread_mutex_unlock(&server->lock);
}

static const char *server_journal(struct server *server) {
  static char copy[1024];
  pthread_mutex_lock(&server->lock);
  strcpy(copy, server->journal);
  pthread_mutex_unlock(&server->lock);
  return copy;
}

static void unlock(struct server *server) {
  server->owner = server->waiter;
  server->waiter = 0;
  if (server->owner) dprintf(server->owner, "ok a\n");
}

/* Returns whether the client is still there. */
static bool serve(struct server *server, int client) {
  char line[256];
  const ssize_t got = recv(client, line, sizeof line - 1, 0);
  if (got <= 0) {
    usleep(30000);
    server_note(server, "closed", "");
    close(client);
    if (client == server->waiter) server->waiter = 0;
    if (client == server->owner) unlock(server);
    return false;
  }
  line[got] = '\0';
  line[strcspn(line, "\n")] = '\0';
  server_note(server, "got ", line);
  if (server->locks && *line == 'a') {
    *(server->owner ? &server->waiter : &server->owner) = client;
    if (server->waiter == client) return true;
  }
  dprintf(client, "ok %s\n", line);
  if (server->locks && *line == 'b') unlock(server);
  return true;
}

static void *run_server(void *argument) {
  struct server *server = argument;
  struct pollfd polls[2 + CLIENTS_MAX] = {{.fd = server->stop[0], .events = POLLIN},
                                          {.fd = server->listener, .events = POLLIN}};
  nfds_t count = 2;
  for (;;) {
    poll(polls, count, -1);
    if (polls[0].revents) break;
    for (nfds_t i = count; i-- > 2;)
      if (polls[i].revents && !serve(server, polls[i].fd)) polls[i] = polls[--count];
    if (polls[1].revents && count < 2 + CLIENTS_MAX)
      polls[count++] = (struct pollfd){.fd = accept(server->listener, NULL, NULL), .events = POLLIN};
  }
  for (nfds_t i = 2; i < count; i++) close(polls[i].fd);
  return NULL;
}

static void server_open(struct server *server) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  *server = (struct server){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  pthread_mutex_init(&server->lock, NULL);
  ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, size), 0);
  ck_assert_int_eq(listen(server->listener, 5), 0);
  ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
  snprintf(server->address, sizeof server->address, "127.0.0.1:%u", ntohs(address.sin_port));
  ck_assert_int_eq(pipe(server->stop), 0);
  ck_assert_int_eq(pthread_create(&server->thread, NULL, run_server, server), 0);
}

static void server_close(struct server *server) {
  ck_assert_int_eq(write(server->stop[1], "", 1), 1);
  pthread_join(server->thread, NULL);
  close(server->listener), close(server->stop[0]), close(server->stop[1]);
}

/* Two requests, each with its answer; what went wrong with one is written down. */
#define SCRIPT                                                                                     \
  "ask() { echo \"$1\" >&3 && read -r answer <&3 && echo \"$answer\" >>$D/heard; }\n"              \
  "D=$1\nread -r message\nexec 3<>/dev/tcp/${DGSIM_PROXY%:*}/${DGSIM_PROXY#*:}\n"                  \
  "if ask a && ask b; then echo '{\"done\":1}'; else echo '{\"failed\":1}'; fi\nread -r over\n"

static void open_both(struct rig *rig, struct server *server) {
  server_open(server);
  rig_open(rig, "/bin/bash", SCRIPT, (struct program_command){.proxy = server->address});
}

static void close_both(struct rig *rig, struct server *server) {
  rig_close(rig);
  server_close(server);
}

START_TEST(each_change_of_direction_is_a_place) {
  struct rig rig;
  struct server server;
  char expected[400];
  open_both(&rig, &server);
  ck_assert_int_eq(rig_once(&rig, 1), DG_OK);
  snprintf(expected, sizeof expected,
           "step request to %s\nstep answer of %s\nstep request to %s\nstep answer of %s\n", server.address,
           server.address, server.address, server.address);
  ck_assert_str_eq(rig.fake.journal, expected);
  ck_assert_str_eq(rig_read(&rig, "heard"), "ok a\nok b\n");
  ck_assert_str_eq(server_journal(&server), "got a\ngot b\nclosed\n"); /* [I3] */
  ck_assert_uint_eq(rig.program->seen, 4);
  ck_assert_uint_eq(rig.program->marked, 0);
  close_both(&rig, &server);
}
END_TEST

START_TEST(a_step_that_fails_cuts_the_connection) {
  const struct {
    size_t step;
    const char *heard, *journal;
  } cases[] = {{0, "", "closed\n"},                    /* the request never arrives */
               {1, "", "got a\nclosed\n"},             /* it was done, the answer is lost */
               {2, "ok a\n", "got a\nclosed\n"},
               {3, "ok a\n", "got a\ngot b\nclosed\n"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rig rig;
    struct server server;
    open_both(&rig, &server);
    rig.fake.statuses[cases[i].step] = DG_FAILED;
    rig.fake.status_count = cases[i].step + 1;
    ck_assert_int_eq(rig_once(&rig, 1), DG_FAILED);
    ck_assert_str_eq(rig_read(&rig, "heard"), cases[i].heard);
    ck_assert_str_eq(server_journal(&server), cases[i].journal);
    ck_assert_uint_eq(rig.program->seen, cases[i].step + 1);
    close_both(&rig, &server);
  }
}
END_TEST

struct job {
  struct rig *rig;
  void *process;
};
static void run_job(void *argument) {
  struct job *job = argument;
  rig_handle(job->rig, job->process, 1);
}

/* Kills the process at a step of its connection, and says what the server has seen by then. */
static void kill_at(struct rig *rig, size_t step, enum program_end how) {
  struct fiber_pool *pool = fiber_pool_new();
  struct job job = {rig, rig_start(rig)};
  rig->fake.fiber = fiber_start(pool, run_job, &job);
  for (size_t i = 0; i <= step; i++) ck_assert(!fiber_resume(rig->fake.fiber));
  fiber_drop(rig->fake.fiber);
  rig_end(rig, job.process, how);
  fiber_pool_free(pool);
}

START_TEST(killed_at_a_place_the_server_has_closed) { /* [I3] */
  const char *journals[] = {"closed\n", "got a\nclosed\n", "got a\nclosed\n", "got a\ngot b\nclosed\n"};
  for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
    struct rig rig;
    struct server server;
    open_both(&rig, &server);
    kill_at(&rig, i, PROGRAM_KILLED);
    ck_assert_str_eq(server_journal(&server), journals[i]);
    close_both(&rig, &server);
  }
}
END_TEST

START_TEST(killed_late_the_connection_stays_open_until_the_run_is_judged) {
  struct rig rig;
  struct server server;
  struct effect_lines lines = {0};
  open_both(&rig, &server);
  kill_at(&rig, 1, PROGRAM_KILLED_LATE);
  usleep(50000); /* long enough for the server to have closed */
  ck_assert_str_eq(server_journal(&server), "got a\n");
  ck_assert(rig.program->kind->probe(rig.program, &lines));
  ck_assert_str_eq(server_journal(&server), "got a\nclosed\n");
  close_both(&rig, &server);
}
END_TEST

static void finish_job(void *argument) {
  struct job *job = argument;
  const struct dg_message message = rig_message(1);
  const int status = job->rig->program->kind->handle(job->rig->program, job->process, &job->rig->fake.context, &message);
  ck_assert_int_eq(status, DG_OK);
}

START_TEST(who_waits_for_anothers_transaction_lets_it_go_on) {
  struct rig rigs[2];
  struct server server;
  open_both(&rigs[0], &server);
  server.locks = true;
  rigs[1] = rigs[0];
  rigs[0].program->answer_limit_ms = 1000;
  struct fiber_pool *pool = fiber_pool_new();
  struct job jobs[2];
  for (uint32_t i = 0; i < 2; i++) {
    jobs[i] = (struct job){&rigs[i], rig_start(rigs)};
    rigs[i].fake.fiber = fiber_start(pool, finish_job, &jobs[i]);
  }
  for (int i = 0; i < 3; i++) ck_assert(!fiber_resume(rigs[0].fake.fiber)); /* it has the lock; b is held */
  ck_assert(!fiber_resume(rigs[1].fake.fiber));                            /* its a is held */
  for (int i = 0; i < 3; i++) ck_assert(!fiber_resume(rigs[1].fake.fiber)); /* no answer, and again, and again */
  ck_assert(strstr(rigs[1].fake.journal, "\nsleep 1000000\nsleep 4000000\nsleep 16000000\n") != NULL);
  while (!fiber_resume(rigs[0].fake.fiber)) continue;
  while (!fiber_resume(rigs[1].fake.fiber)) continue;
  ck_assert_str_eq(server_journal(&server), "got a\ngot a\ngot b\ngot b\n");
  ck_assert_str_eq(rigs[0].program->text, "");
  for (int i = 0; i < 2; i++) rig_end(rigs, jobs[i].process, PROGRAM_OVER);
  fiber_pool_free(pool);
  close_both(rigs, &server);
}
END_TEST

START_TEST(what_was_left_open_ends_when_somebody_waits_for_it) {
  struct rig rig;
  struct server server;
  open_both(&rig, &server);
  server.locks = true;
  rig.program->answer_limit_ms = 1000;
  kill_at(&rig, 2, PROGRAM_KILLED_LATE); /* it had the lock */
  rig.fake.fiber = NULL;
  rig.fake.journal[0] = '\0';
  ck_assert_int_eq(rig_once(&rig, 1), DG_OK);
  ck_assert_ptr_null(strstr(rig.fake.journal, "sleep"));
  ck_assert_str_eq(server_journal(&server), "got a\ngot a\nclosed\ngot b\nclosed\n");
  close_both(&rig, &server);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_told) {
  struct rig rig;
  struct server server;
  open_both(&rig, &server);
  server_close(&server);
  rig.descriptors -= 3;
  ck_assert_int_eq(rig_once(&rig, 1), DG_FAILED);
  char says[100];
  snprintf(says, sizeof says, "the program's own server at %s cannot be reached: Connection refused", server.address);
  rig_failed(&rig, PROGRAM_NOT_STARTED, says);
  rig_close(&rig);
}
END_TEST

START_TEST(the_address_is_host_and_port) {
  const char *bad[] = {"localhost", ":5432", "localhost:", "localhost:no-such-service", ""};
  char *command[] = {"/bin/true", NULL};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct err err = {.code = ERR_NONE};
    const struct program_command options = {.command = command, .proxy = bad[i], .answer_limit_ms = 100};
    ck_assert_ptr_null(program_of_command(&options, &err));
    ck_assert_msg(err.code == ERR_USAGE, "%s", bad[i]);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("proxy");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 30);
  tcase_add_test(tests, each_change_of_direction_is_a_place);
  tcase_add_test(tests, a_step_that_fails_cuts_the_connection);
  tcase_add_test(tests, killed_at_a_place_the_server_has_closed);
  tcase_add_test(tests, killed_late_the_connection_stays_open_until_the_run_is_judged);
  tcase_add_test(tests, who_waits_for_anothers_transaction_lets_it_go_on);
  tcase_add_test(tests, what_was_left_open_ends_when_somebody_waits_for_it);
  tcase_add_test(tests, a_server_that_is_not_there_is_told);
  tcase_add_test(tests, the_address_is_host_and_port);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
