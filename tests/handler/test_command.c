#include "tests/handler/command_rig.h"

#include "sim/handler/command_protocol.h"
#include "tests/run_suite.h"

/* Every line that comes goes to a file; `say` writes one. */
#define SCRIPT "say() { printf '%s\\n' \"$1\"; }\nhear() { read -r line && printf '%s\\n' \"$line\" >>\"$D/heard\"; }\nD=$1\n"

START_TEST(every_call_is_made_and_answered) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT
           "hear\n"
           "while read -r call <&3; do say \"$call\"; hear; done 3<<'END'\n"
           "{\"call\":\"begin\"}\n"
           "{\"call\":\"commit\"}\n"
           "{\"call\":\"rollback\"}\n"
           "{\"call\":\"get\",\"table\":\"t\",\"key\":5}\n"
           "{\"call\":\"get_replica\",\"table\":\"t\",\"key\":\"x\"}\n"
           "{\"call\":\"put\",\"table\":\"t\",\"key\":\"x\",\"value\":-7}\n"
           "{\"call\":\"put_if\",\"table\":\"t\",\"key\":6,\"expected\":1,\"value\":2}\n"
           "{\"call\":\"insert_unique\",\"table\":\"processed\",\"key\":\"op-17\"}\n"
           "{\"call\":\"delete\",\"table\":\"balance\",\"key\":\"account-3\"}\n"
           "{\"call\":\"apply\"}\n"
           "{\"call\":\"publish\"}\n"
           "{\"call\":\"emit\"}\n"
           "{\"call\":\"cache_get\",\"key\":\"seen:op-17\"}\n"
           "{\"call\":\"cache_set\",\"key\":\"a\",\"value\":1}\n"
           "{\"call\":\"cache_set_if_absent\",\"key\":\"a\",\"value\":1,\"ttl_ms\":50}\n"
           "{\"call\":\"cache_delete\",\"key\":\"a\"}\n"
           "{\"call\":\"charge\",\"amount\":170}\n"
           "{\"call\":\"charge\",\"amount\":170,\"idempotency_key\":\"op-17\"}\n"
           "{\"call\":\"work\"}\n"
           "{\"call\":\"sleep\",\"ms\":3}\n"
           "{\"call\":\"now\"}\n"
           "{\"call\":\"step\",\"name\":\"charged\"}\n"
           "{\"call\":\"ack\"}\n"
           "{\"call\":\"ack_all\"}\n"
           "{\"call\":\"suppress\"}\n"
           "END\n"
           "say '{\"done\":1}'\n",
           (struct program_command){0});
  rig.fake.read = 41;
  ck_assert_int_eq(rig_once(&rig, 17), DG_OK);
  ck_assert_str_eq(rig.program->text, "");
  ck_assert_str_eq(rig.fake.journal,
                   "begin\ncommit\nrollback\nget t 5\nget_replica t #\nput t # -7\nput_if t 6 1 2\n"
                   "insert_unique processed #\ndelete balance 3\napply\npublish\nemit\ncache_get cache #\n"
                   "cache_set cache # 1 0\ncache_set_if_absent cache # 1 50000000\ncache_delete cache #\n"
                   "charge 0 170\ncharge # 170\nwork\nsleep 3000000\nstep charged\nack\nack_all\nsuppress\n");
  const char *heard = rig_read(&rig, "heard");
  const char message[] = "{\"message\":{\"id\":\"op-17\",\"message_id\":\"m-117\",\"account\":\"account-3\","
                         "\"amount\":170,\"tenant\":\"tenant-1\",\"key\":\"account-3\",\"delivery\":1,"
                         "\"redelivered\":false,\"partition\":0,\"offset\":0,\"fence\":0,"
                         "\"idempotency_key\":\"op-17\",\"body\":\"{\\\"amount\\\":170}\"},\"number\":1}\n"
                         "{\"status\":\"ok\"}\n{\"status\":\"ok\"}\n{\"status\":\"ok\"}\n"
                         "{\"status\":\"ok\",\"value\":41}\n{\"status\":\"ok\",\"value\":41}\n";
  ck_assert_msg(strncmp(heard, message, strlen(message)) == 0, "%s", heard);
  ck_assert_msg(strstr(heard, "{\"status\":\"ok\",\"value\":9}\n{\"status\":\"ok\",\"value\":9}\n") != NULL, "%s",
                heard);
  ck_assert_msg(strstr(heard, "{\"status\":\"ok\",\"value\":1234}\n") != NULL, "%s", heard); /* now */
  ck_assert_uint_eq(rig.program->marked, 1);
  rig_close(&rig);
}
END_TEST

START_TEST(each_status_has_its_word) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT
           "hear\nfor i in 0 1 2 3 4 5 6; do say '{\"call\":\"apply\"}'; hear; done\nsay '{\"failed\":1}'\n",
           (struct program_command){0});
  for (int i = 0; i < 7; i++) rig.fake.statuses[rig.fake.status_count++] = i;
  ck_assert_int_eq(rig_once(&rig, 1), DG_FAILED);
  ck_assert_str_eq(strchr(rig_read(&rig, "heard"), '\n'),
                   "\n{\"status\":\"ok\"}\n{\"status\":\"exists\"}\n{\"status\":\"not-found\"}\n"
                   "{\"status\":\"failed\"}\n{\"status\":\"unknown\"}\n{\"status\":\"conflict\"}\n"
                   "{\"status\":\"mismatch\"}\n");
  ck_assert_int_eq(rig.program->failure, PROGRAM_NONE);
  rig_close(&rig);
}
END_TEST

START_TEST(several_calls_may_be_outstanding) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT
           "hear\nsay '{\"call\":\"work\",\"id\":7}'\nsay '{\"call\":\"apply\",\"id\":\"b\"}'\n"
           "say '{\"call\":\"publish\"}'\nhear; hear; hear\nsay '{\"done\":true}'\n",
           (struct program_command){0});
  ck_assert_int_eq(rig_once(&rig, 1), DG_OK);
  ck_assert_str_eq(rig.fake.journal, "work\napply\npublish\n");
  ck_assert_str_eq(strchr(rig_read(&rig, "heard"), '\n'),
                   "\n{\"id\":7,\"status\":\"ok\"}\n{\"id\":\"b\",\"status\":\"ok\"}\n{\"status\":\"ok\"}\n");
  rig_close(&rig);
}
END_TEST

START_TEST(values_come_back_as_they_were_written) { /* [I2] of command_values.h */
  struct rig rig;
  const char *values[] = {"\"done\"", "{\"a\":[1,\"\xc3\xa9\"]}", "true", "null", "1.5", "4611686018427387904",
                          "-4611686018427387904", "4611686018427387903", "\"4\"", "4"};
  rig_open(&rig, "/bin/sh", SCRIPT
           "hear\nread -r value <$D/value\nif test -f $D/again; then say '{\"call\":\"get\",\"table\":\"t\",\"key\":1}';"
           "else say '{\"call\":\"put\",\"table\":\"t\",\"key\":1,\"value\":'\"$value\"'}'; fi\nhear\nsay '{\"done\":1}'\n",
           (struct program_command){0});
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char line[100], expected[100];
    rig_write(&rig, "heard", "");
    snprintf(line, sizeof line, "%s\n", values[i]);
    rig_write(&rig, "value", line);
    ck_assert_int_eq(rig_once(&rig, 1), DG_OK);
    rig_write(&rig, "again", ""); /* another process reads it */
    ck_assert_int_eq(rig_once(&rig, 1), DG_OK);
    snprintf(expected, sizeof expected, "{\"status\":\"ok\",\"value\":%s}\n", values[i]);
    ck_assert_msg(strstr(rig_read(&rig, "heard"), expected) != NULL, "%s is not in %s", expected,
                  rig_read(&rig, "heard"));
    snprintf(line, sizeof line, "rm %s/again", rig.folder);
    ck_assert_int_eq(system(line), 0);
  }
  rig_close(&rig);
}
END_TEST

START_TEST(keys_have_names_until_the_next_run) {
  struct values values = {0};
  json_t *text = json_string("op-17"), *number = json_integer(17), *negative = json_integer(-17);
  const uint64_t key = values_key(&values, text);
  ck_assert_uint_eq(values_key(&values, number), 17);
  ck_assert_uint_eq(key >> 63, 1);
  ck_assert_uint_eq(values_key(&values, negative) >> 63, 1);
  ck_assert_str_eq(values_word(&values, key), "op-17");
  ck_assert_ptr_null(values_word(&values, 17));
  ck_assert_int_ne((int64_t)key, values_value(&values, text));
  for (int i = 0; i < VALUES_TABLES_MAX; i++) ck_assert(values_table(&values, (char[]){(char)('a' + i), 0}));
  ck_assert(values_table(&values, "a"));
  ck_assert(!values_table(&values, "one too many"));
  values_forget(&values);
  ck_assert_ptr_null(values_word(&values, key));
  ck_assert_uint_eq(values_key(&values, text), key); /* [I1] */
  values_deinit(&values);
  json_decref(text), json_decref(number), json_decref(negative);
}
END_TEST

START_TEST(bodies_come_as_they_are) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT "while hear; do say '{\"done\":true}'; done\n", (struct program_command){0});
  const struct {
    const char *body;
    size_t size;
    const char *expected;
  } bodies[] = {{"{\"a\":\"b\\", 8, "\"body\":\"{\\\"a\\\":\\\"b\\\\\""}, /* cannot be parsed */
                {"a\nb\tc\x01", 6, "\"body\":\"a\\nb\\tc\\u0001\""},
                {"caf\xc3\xa9", 5, "\"body\":\"caf\xc3\xa9\""},
                {"caf\xc3\xa9", 4, "\"body\":\"caf\xef\xbf\xbd\""}, /* cut off within a character */
                {NULL, 100, "\"body\":null"}};
  void *process = rig_start(&rig);
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    struct dg_message message = rig_message(1);
    message.body = bodies[i].body;
    message.body_size = bodies[i].size;
    rig_write(&rig, "heard", "");
    ck_assert_int_eq(rig.program->kind->handle(rig.program, process, &rig.fake.context, &message), DG_OK);
    ck_assert_msg(strstr(rig_read(&rig, "heard"), bodies[i].expected) != NULL, "%s is not in %s",
                  bodies[i].expected, rig_read(&rig, "heard"));
  }
  rig_end(&rig, process, PROGRAM_OVER);
  rig_close(&rig);
}
END_TEST

/* --- What is wrong with a program --- */

START_TEST(a_malformed_line_is_quoted_with_its_number_and_a_hint) {
  const struct {
    const char *line, *says;
  } cases[] = {
      {"hello", "line 2 of the output of consumer 1: that is not a JSON object (what is meant for people goes to "
                "standard error): hello"},
      {"[1]", "not a JSON object"},
      {"{\"call\":\"isnert_unique\",\"table\":\"t\",\"key\":1}", "unknown call 'isnert_unique' (did you mean 'insert_unique'?)"},
      {"{\"call\":\"get\",\"tabel\":\"t\",\"key\":1}", "unknown field of call 'get' 'tabel' (did you mean 'table'?)"},
      {"{\"call\":\"get\",\"table\":\"t\"}", "call 'get' needs 'key' (text, or a whole number)"},
      {"{\"call\":\"get\",\"table\":\"t\",\"key\":1.5}", "'key' of call 'get' is not text, or a whole number"},
      {"{\"call\":\"sleep\",\"ms\":-1}", "'ms' of call 'sleep' is not ms, from 0"},
      {"{\"call\":\"charge\",\"amount\":0}", "'amount' of call 'charge' is not a whole number above 0"},
      {"{\"call\":\"charge\",\"amount\":1,\"idempotency_key\":0}", "is not text, or a whole number above 0"},
      {"{\"call\":7}", "'call' is not the name of a call"},
      {"{\"call\":\"work\",\"done\":1}", "more than one, of call, done and failed"},
      {"{\"call\":\"work\",\"message\":0}", "'message' is not the number of a message"},
      {"{}", "says none, or more than one"},
      {"{\"done\":false}", "'done' is not the number of a message, or true"},
      {"{\"done\":1,\"status\":\"ok\"}", "unknown field of the line 'status'"},
      {"{\"done\":2}", "a message that is not under way: {\"done\":2}"},
      {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nested more than 32 deep"},
      {"{\"a\":1,\"a\":2}", "that is not JSON: duplicate object key near '\"a\"': {\"a\":1,\"a\":2}"},
      {"{\"a\x1b\":1}", "that is not JSON: control character 0x1b near '\"a'"},
      {"{\"call\":\"sleep\",\"ms\":NaN}", "that is not JSON: invalid token near 'NaN'"},
      {"\x1b[31mr\xc3\xa9\xff\xc3 \xc0\x80 \xed\xa0\x80", ": ?[31mr\xc3\xa9?? ?? ???"}, /* as a report can have it */
      {"{\"call\":\"sleep\",\"ms\":9223372036854775807}", "'ms' of call 'sleep' is not ms, from 0"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rig rig;
    rig_open(&rig, "/bin/sh", SCRIPT "hear\nsay '{\"call\":\"work\"}'\nhear\nread -r bad <$D/bad; say \"$bad\"\nhear\n",
             (struct program_command){0});
    char line[200];
    snprintf(line, sizeof line, "%s\n", cases[i].line);
    rig_write(&rig, "bad", line);
    void *process = rig_start(&rig);
    ck_assert_int_eq(rig_handle(&rig, process, 1), DG_FAILED);
    rig_failed(&rig, PROGRAM_MALFORMED, cases[i].says);
    ck_assert_int_eq(rig_handle(&rig, process, 2), DG_FAILED); /* [I4] of program.h */
    ck_assert_str_eq(rig.fake.journal, "work\n");
    rig_end(&rig, process, PROGRAM_OVER);
    rig_close(&rig);
  }
}
END_TEST

START_TEST(who_writes_too_much_is_stopped) {
  const struct {
    const char *script, *says;
  } cases[] = {
      {"read -r m\nhead -c 70000 /dev/zero | tr '\\0' x\nread -r m\n", "a line of more than 64 KiB"},
      {"read -r m\nyes '{\"call\":\"now\"}'\n", "line 10001 of the output of consumer 1: more than 10000 lines"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rig rig;
    rig_open(&rig, "/bin/sh", cases[i].script, (struct program_command){0});
    ck_assert_int_eq(rig_once(&rig, 1), DG_FAILED);
    rig_failed(&rig, PROGRAM_CHATTY, cases[i].says);
    rig_close(&rig);
  }
}
END_TEST

static bool group_lives(const char *pid) { return kill(-(pid_t)atoi(pid), 0) == 0; }

START_TEST(who_hangs_is_ended_with_all_its_children) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", "read -r m\necho $$ >$1/pid\nsleep 100 &\necho 'still at it' >&2\nwait\n",
           (struct program_command){.answer_limit_ms = 1000});
  ck_assert_int_eq(rig_once(&rig, 1), DG_FAILED);
  rig_failed(&rig, PROGRAM_HUNG, "consumer 1 has given no line for 1000 ms");
  rig_failed(&rig, PROGRAM_HUNG, "its last words: still at it");
  ck_assert(!group_lives(rig_read(&rig, "pid"))); /* [I3] of command_spawn.h */
  rig_close(&rig);
}
END_TEST

START_TEST(what_cannot_be_started_says_why) {
  struct rig rig;
  char *command[] = {"/no/such/consumer", NULL};
  rig_open(&rig, "/bin/sh", "", (struct program_command){.command = command});
  ck_assert_int_eq(rig_once(&rig, 1), DG_FAILED);
  rig_failed(&rig, PROGRAM_NOT_STARTED, "cannot start '/no/such/consumer': No such file or directory");
  rig_close(&rig);
}
END_TEST

/* --- Processes --- */

START_TEST(a_process_that_exits_fails_its_message_and_is_started_anew) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", "echo $$ >>$1/pids\nread -r m\necho '{\"call\":\"work\"}'\necho 'no memory' >&2\nexit 3\n",
           (struct program_command){0});
  void *process = rig_start(&rig);
  ck_assert_int_eq(rig_handle(&rig, process, 1), DG_FAILED);
  ck_assert_int_eq(rig.program->failure, PROGRAM_NONE);
  ck_assert_uint_eq(rig.program->exits, 1);
  ck_assert_str_eq(rig.program->exit_text,
                   "consumer 1 exited with status 3 while it had a message; its last words: no memory");
  ck_assert_int_eq(rig_handle(&rig, process, 2), DG_FAILED);
  ck_assert_uint_eq(rig.program->exits, 2);
  int lines = 0;
  for (const char *at = rig_read(&rig, "pids"); *at; at++) lines += *at == '\n';
  ck_assert_int_eq(lines, 2);
  for (int i = 0; i < 23; i++) rig_handle(&rig, process, 3);
  rig_failed(&rig, PROGRAM_DIED, "25 processes ended by themselves; the first: consumer 1 exited with status 3");
  rig_end(&rig, process, PROGRAM_OVER);
  program_begin(rig.program);
  ck_assert_uint_eq(rig.program->exits, 0);
  rig_close(&rig);
}
END_TEST

START_TEST(who_has_answered_a_message_is_started_more_often) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT "hear\nif mkdir $1/once 2>$1/before; then say '{\"done\":1}'; hear; fi\nexit 3\n",
           (struct program_command){0});
  void *process = rig_start(&rig);
  ck_assert_int_eq(rig_handle(&rig, process, 1), DG_OK);
  for (int i = 0; i < 99; i++) ck_assert_int_eq(rig_handle(&rig, process, 2), DG_FAILED);
  ck_assert_int_eq(rig.program->failure, PROGRAM_NONE);
  ck_assert_int_eq(rig_handle(&rig, process, 2), DG_FAILED);
  rig_failed(&rig, PROGRAM_DIED, "100 processes ended by themselves");
  rig_end(&rig, process, PROGRAM_OVER);
  rig_close(&rig);
}
END_TEST

START_TEST(a_process_may_serve_one_message) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT "hear\nsay '{\"done\":1}'\n", (struct program_command){0});
  void *process = rig_start(&rig);
  for (uint64_t i = 1; i <= 3; i++) ck_assert_int_eq(rig_handle(&rig, process, i), DG_OK);
  ck_assert_uint_eq(rig.program->exits, 0);
  rig_end(&rig, process, PROGRAM_OVER);
  rig_close(&rig);
}
END_TEST

START_TEST(a_process_that_says_nothing_to_its_first_message_has_failed_it) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", SCRIPT "hear\n", (struct program_command){0});
  void *process = rig_start(&rig);
  ck_assert_int_eq(rig_handle(&rig, process, 1), DG_FAILED);
  ck_assert_uint_eq(rig.program->exits, 1);
  rig_end(&rig, process, PROGRAM_OVER);
  rig_close(&rig);
}
END_TEST

START_TEST(told_to_finish_it_may_and_is_not_started_anew) {
  struct rig rig;
  rig_open(&rig, "/bin/bash", SCRIPT "trap 'echo told >>$D/heard' TERM\n"
           "while hear; do say '{\"done\":true}'; done\necho over >>$D/heard\n",
           (struct program_command){0});
  void *process = rig_start(&rig);
  ck_assert_int_eq(rig_handle(&rig, process, 1), DG_OK);
  rig_write(&rig, "heard", "");
  rig.program->kind->terminate(rig.program, process);
  rig_end(&rig, process, PROGRAM_EXITED);
  ck_assert_str_eq(rig_read(&rig, "heard"), "told\nover\n");
  process = rig_start(&rig);
  rig_write(&rig, "script", "read -r m; echo '{\"done\":1}'; read -r m\n"); /* dies of SIGTERM */
  ck_assert_int_eq(rig_handle(&rig, process, 1), DG_OK);
  rig.program->kind->terminate(rig.program, process);
  ck_assert_int_eq(rig_handle(&rig, process, 2), DG_FAILED);
  ck_assert_uint_eq(rig.program->exits, 0);
  rig_end(&rig, process, PROGRAM_EXITED);
  rig_close(&rig);
}
END_TEST

START_TEST(programs_know_who_they_are_and_get_nothing_else) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", "read -r m\necho \"$DGSIM_WORKER $DGSIM_CONSUMER $PYTHONUNBUFFERED\" >$1/heard\n"
           "ls /proc/self/fd >>$1/heard\ntrap '' TERM; trap >>$1/heard\necho '{\"done\":1}'\n",
           (struct program_command){0});
  signal(SIGTERM, SIG_IGN); /* what is ignored would be ignored by them too, and could not be trapped */
  signal(SIGPIPE, SIG_IGN);
  ck_assert_int_eq(rig_once(&rig, 1), DG_OK);
  signal(SIGTERM, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  ck_assert_str_eq(rig_read(&rig, "heard"), "1 1 1\n0\n1\n2\n3\ntrap -- '' TERM\n"); /* 3: the folder of ls */
  rig_close(&rig);
}
END_TEST

/* --- Several messages at once, and calls that take time --- */

struct job {
  struct rig *rig;
  void *process;
  uint64_t id;
  int status;
};
static void run_job(void *argument) {
  struct job *job = argument;
  job->status = rig_handle(job->rig, job->process, job->id);
}
/* As rig_handle, but with a journal of its own. */
static void run_own_job(void *argument) {
  struct job *job = argument;
  const struct dg_message message = rig_message(job->id);
  job->status = job->rig->program->kind->handle(job->rig->program, job->process, &job->rig[1].fake.context, &message);
}

#define BOTH                                                                                       \
  "while read -r line; do echo \"$line\" >>$1/heard; case $line in\n"                              \
  "*'\"id\":\"op-1\"'*) echo '{\"call\":\"work\",\"message\":1}' ;;\n"                             \
  "*'\"id\":\"op-2\"'*) echo '{\"call\":\"apply\",\"message\":2}'; echo '{\"call\":\"publish\",\"message\":2}' ;;\n" \
  "*'\"message\":1}') echo '{\"done\":1}' ;;\n"                                                    \
  "*) n=$((n + 1)); test $n -lt 2 || echo '{\"done\":2}' ;;\nesac; done\n"

START_TEST(lines_of_several_messages_go_to_their_own) {
  struct rig rigs[2];
  rig_open(&rigs[0], "/bin/bash", BOTH, (struct program_command){0});
  struct fiber_pool *pool = fiber_pool_new();
  rigs[1].fake = rigs[0].fake;
  void *process = rig_start(rigs);
  struct job jobs[2] = {{rigs, process, 1, -1}, {rigs, process, 2, -1}};
  rigs[0].fake.fiber = fiber_start(pool, run_job, &jobs[0]);
  rigs[1].fake.fiber = fiber_start(pool, run_own_job, &jobs[1]);
  ck_assert(!fiber_resume(rigs[0].fake.fiber)); /* in work */
  ck_assert(!fiber_resume(rigs[1].fake.fiber)); /* in apply; publish is written, too */
  ck_assert(fiber_resume(rigs[0].fake.fiber));  /* takes the other's line, and is done */
  ck_assert_int_eq(jobs[0].status, DG_OK);
  ck_assert_str_eq(rigs[0].fake.journal, "work\n");
  ck_assert(!fiber_resume(rigs[1].fake.fiber)); /* in publish */
  ck_assert(fiber_resume(rigs[1].fake.fiber));
  ck_assert_int_eq(jobs[1].status, DG_OK);
  ck_assert_str_eq(rigs[1].fake.journal, "apply\npublish\n");
  ck_assert(strstr(rig_read(rigs, "heard"), "{\"status\":\"ok\",\"message\":2}\n") != NULL);
  rig_end(rigs, process, PROGRAM_OVER);
  fiber_pool_free(pool);
  rig_close(rigs);
}
END_TEST

START_TEST(with_several_messages_a_line_says_which) {
  struct rig rigs[2];
  rig_open(&rigs[0], "/bin/sh", "while read -r m; do echo '{\"call\":\"work\"}'; done\n", (struct program_command){0});
  struct fiber_pool *pool = fiber_pool_new();
  rigs[1].fake = rigs[0].fake;
  void *process = rig_start(rigs);
  struct job jobs[2] = {{rigs, process, 1, -1}, {rigs, process, 2, -1}};
  rigs[0].fake.fiber = fiber_start(pool, run_job, &jobs[0]);
  rigs[1].fake.fiber = fiber_start(pool, run_own_job, &jobs[1]);
  ck_assert(!fiber_resume(rigs[0].fake.fiber));
  ck_assert(fiber_resume(rigs[1].fake.fiber));
  rig_failed(rigs, PROGRAM_MALFORMED, "does not say about which of the messages that are under way");
  ck_assert(fiber_resume(rigs[0].fake.fiber)); /* what it talked to is gone */
  ck_assert_int_eq(jobs[0].status, DG_FAILED);
  ck_assert_int_eq(jobs[1].status, DG_FAILED);
  rig_end(rigs, process, PROGRAM_OVER);
  fiber_pool_free(pool);
  rig_close(rigs);
}
END_TEST

START_TEST(killed_in_the_middle_of_a_call) {
  struct rig rig;
  rig_open(&rig, "/bin/sh", "echo $$ >$1/pid\nread -r m\nsleep 100 &\necho '{\"call\":\"work\"}'\nread -r m\ntouch $1/answered\n",
           (struct program_command){0});
  struct fiber_pool *pool = fiber_pool_new();
  for (int i = 0; i < 2; i++) {
    void *process = rig_start(&rig);
    struct job job = {&rig, process, 1, -1};
    rig.fake.fiber = fiber_start(pool, run_job, &job);
    ck_assert(!fiber_resume(rig.fake.fiber));
    ck_assert(group_lives(rig_read(&rig, "pid")));
    fiber_drop(rig.fake.fiber);
    rig_end(&rig, process, i ? PROGRAM_KILLED_LATE : PROGRAM_KILLED);
    ck_assert(!group_lives(rig_read(&rig, "pid")));
    ck_assert_int_eq(job.status, -1);
  }
  ck_assert_str_eq(rig.fake.journal, "work\nwork\n");
  ck_assert_uint_eq(rig.program->exits, 0);
  rig_end(&rig, rig_start(&rig), PROGRAM_OVER); /* one that never had a message */
  fiber_pool_free(pool);
  rig_close(&rig);
}
END_TEST

/* --- Probe and reset --- */

START_TEST(the_probe_reports_effects) {
  const struct {
    const char *script;
    const char *says; /* NULL: two effects */
  } cases[] = {
      {"printf 'op-2\\tcharge\\t20\\nop-1\\tcharge\\t10\\n'; echo fine >&2", NULL},
      {"printf 'op-2\\tcharge\\t20\\nop-1 charge 10\\n'", "line 2 of the output of the probe: 'op-1 charge 10' is not"},
      {"echo 'no such table' >&2; exit 2", "the probe command '/bin/sh' exited with status 2; its last words: no such table"},
      {"kill -11 $$", "was ended by signal 11 (Segmentation fault)"},
      {"sleep 100", "did not end within the answer limit"},
      {"yes", "wrote more than 16 MiB"},
      {"printf 'a\\000b'", "is not text"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct rig rig;
    char *probe[] = {"/bin/sh", "-c", (char *)cases[i].script, NULL};
    struct effect_lines lines = {0};
    rig_open(&rig, "/bin/sh", "", (struct program_command){.probe = probe, .answer_limit_ms = 1000});
    ck_assert(rig.program->kind->probe(rig.program, &lines) == !cases[i].says);
    if (cases[i].says) {
      rig_failed(&rig, PROGRAM_CANNOT_JUDGE, cases[i].says);
    } else {
      effect_lines_sort(&lines);
      ck_assert_uint_eq(lines.count, 2);
      ck_assert_str_eq(lines.items[0].operation, "op-1");
      ck_assert_str_eq(lines.items[1].amount, "20");
    }
    effect_lines_deinit(&lines);
    rig_close(&rig);
  }
}
END_TEST

START_TEST(the_reset_command_is_run_or_says_why_not) {
  struct rig rig;
  char *reset[] = {"/bin/sh", "-c", "echo \"$DGSIM_WORKER\" >$0/heard; test ! -f $0/bad", rig.folder, NULL};
  rig_open(&rig, "/bin/sh", "", (struct program_command){.reset = reset});
  ck_assert(rig.program->kind->reset(rig.program));
  ck_assert_str_eq(rig_read(&rig, "heard"), "1\n");
  rig_write(&rig, "bad", "");
  ck_assert(!rig.program->kind->reset(rig.program));
  rig_failed(&rig, PROGRAM_CANNOT_JUDGE, "the reset command '/bin/sh' exited with status 1");
  rig_close(&rig);
}
END_TEST

/* --- The page --- */

START_TEST(the_page_has_the_table_of_calls_as_it_is) {
  static char page[65536], calls[16384];
  FILE *file = fopen(SOURCE_DIR "/scenarios/check/PROTOCOL.md", "r"), *table = fmemopen(calls, sizeof calls, "w");
  ck_assert(file && table);
  ck_assert_uint_gt(fread(page, 1, sizeof page - 1, file), 1000);
  protocol_print_calls(table);
  fclose(file), fclose(table);
  ck_assert_msg(strstr(page, calls) != NULL, "PROTOCOL.md has not this table:\n%s", calls);
  for (int i = DG_OK; i <= DG_MISMATCH; i++) {
    char row[32];
    snprintf(row, sizeof row, "\n| `%s` | ", protocol_status(i));
    ck_assert_msg(strstr(page, row) != NULL, "PROTOCOL.md does not say what %s is", protocol_status(i));
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("command");
  TCase *tests = tcase_create("all");
  tcase_set_timeout(tests, 30);
  tcase_add_test(tests, every_call_is_made_and_answered);
  tcase_add_test(tests, each_status_has_its_word);
  tcase_add_test(tests, several_calls_may_be_outstanding);
  tcase_add_test(tests, values_come_back_as_they_were_written);
  tcase_add_test(tests, keys_have_names_until_the_next_run);
  tcase_add_test(tests, bodies_come_as_they_are);
  tcase_add_test(tests, a_malformed_line_is_quoted_with_its_number_and_a_hint);
  tcase_add_test(tests, who_writes_too_much_is_stopped);
  tcase_add_test(tests, who_hangs_is_ended_with_all_its_children);
  tcase_add_test(tests, what_cannot_be_started_says_why);
  tcase_add_test(tests, a_process_that_exits_fails_its_message_and_is_started_anew);
  tcase_add_test(tests, who_has_answered_a_message_is_started_more_often);
  tcase_add_test(tests, a_process_may_serve_one_message);
  tcase_add_test(tests, a_process_that_says_nothing_to_its_first_message_has_failed_it);
  tcase_add_test(tests, told_to_finish_it_may_and_is_not_started_anew);
  tcase_add_test(tests, programs_know_who_they_are_and_get_nothing_else);
  tcase_add_test(tests, lines_of_several_messages_go_to_their_own);
  tcase_add_test(tests, with_several_messages_a_line_says_which);
  tcase_add_test(tests, killed_in_the_middle_of_a_call);
  tcase_add_test(tests, the_probe_reports_effects);
  tcase_add_test(tests, the_reset_command_is_run_or_says_why_not);
  tcase_add_test(tests, the_page_has_the_table_of_calls_as_it_is);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
