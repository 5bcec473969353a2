# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by toughness.sh; code in the words of its tables
# Consumers of `dgsim check` that misbehave. None leaves a process behind, whatever it has started.

row consumer_absent 'a command that is not there' '`check`' 2 'cannot start' 'nothing: no case counts'
row consumer_dies 'a consumer that ends before it has answered, or in the middle of a line' '`check`' 2 'exited with status 3' 'nothing can be judged; `DGSIM_SHOW_STDERR=1` shows what it complains of'
row consumer_killed 'a consumer that a signal ends' '`check`' 2 'signal 9' 'nothing can be judged'
row consumer_hangs 'a consumer that hangs, reads nothing, or stops itself' '`check`' 2 'has given no line for' 'it is ended after `answer_limit`'
row consumer_floods 'a consumer that writes without end, without a newline' '`check`' 2 'has written a line of more than 64 KiB' 'it is ended'
row consumer_babbles 'a consumer that writes without end' '`check`' 2 'line 1 of the output' 'it is ended'
row consumer_half_line 'a consumer that writes half a line, and waits' '`check`' 2 'has given no line for' 'it is ended after `answer_limit`'
row consumer_mute 'a consumer that closes its standard output, and lives on' '`check`' 2 'has closed its output and lives on' 'it is ended after `answer_limit`'
row consumer_deaf 'a consumer that closes its standard input' '`check`' 2 'has given no line for' 'it is ended after `answer_limit`'
row consumer_complains 'a consumer that floods standard error' '`check`' 0 'recovered' 'of it the last words are kept'
row consumer_children 'a consumer whose children outlive it, ignore SIGTERM, and hold its output' '`check`' 0 'recovered' 'they are ended with it'
row consumer_stubborn 'a consumer that ignores SIGTERM and the end of its input' '`check`' 0 'recovered' 'it is killed'
row consumer_fratricide 'a consumer that kills the process that started it' '`check`' 2 'signal 9' 'the tool goes on'
row plugin_ends 'a plug-in that exits, aborts, or runs out of stack' '`check --plugin`' 2 'the program' 'only the process that it runs in is lost' compiler
row plugin_hangs 'a plug-in that never returns' '`check --plugin`' 2 'no answer within' 'that process is ended' compiler
row sql_hangs 'a statement that never ends' '`check --sql`' 2 'no answer within' 'it is ended after 100 times `answer_limit`' long_form
row probe_fails 'a probe or reset command that fails, hangs, or writes what is no line' '`check`' 2 'the probe' 'no case counts'

# consumer SCRIPT [OPTION...]: checks it, with an answer limit of 500 ms.
consumer() {
  printf '%s\n' "$1" >consumer.sh
  sed 's/2s/500ms/' one.yaml >short.yaml
  tool check short.yaml --out k "${@:2}" -- bash consumer.sh
}
careful='source ./careful.sh'

consumer_absent() {
  tool check one.yaml -- ./nothing-there
  expect
  tool check one.yaml -- /dev/null
  expect
}
consumer_dies() {
  consumer 'exit 3' && expect
  consumer 'read -r line; exit 3' && expect
  consumer 'read -r line; printf "{\"call\":"; exit 3' && expect
  consumer 'read -r line; echo "{\"call\":\"apply\"}"; read -r answer; exit 3' && expect
}
consumer_killed() { consumer 'read -r line; kill -KILL $$' && expect; }
consumer_hangs() {
  consumer 'sleep 1000' && expect
  consumer 'read -r line; sleep 1000' && expect
  consumer 'read -r line; kill -STOP $$' && expect
  consumer 'trap "" TERM HUP INT; while :; do sleep 1000; done' && expect
}
consumer_floods() { consumer 'exec head -c 1000000000 /dev/zero | tr "\0" x' && expect; }
consumer_babbles() { consumer 'exec yes' && expect; }
consumer_half_line() { consumer 'read -r line; printf "{\"call\":"; exec sleep 1000' && expect; }
consumer_deaf() { consumer 'exec <&-; sleep 1000' && expect; }
consumer_mute() {
  consumer 'exec >&-; sleep 1000' && expect
  consumer 'read -r line; exec >&- <&-; sleep 1000' && expect
}
consumer_complains() { consumer 'head -c 1500000 /dev/zero >&2; '"$careful" && expect; }
consumer_children() {
  consumer '(trap "" TERM HUP INT PIPE; sleep 1000) & (sleep 1000 | sleep 1000) & '"$careful" -j 2 && expect
}
consumer_stubborn() { consumer 'trap "" TERM HUP INT; '"$careful"'; sleep 1000' && expect; }
consumer_fratricide() { consumer 'read -r line; kill -KILL $PPID' && expect; }

# plugin STATEMENT: what its handler does.
plugin() {
  printf '%s\n' '#include "dgsim.h"' '#include <stdlib.h>' '#include <unistd.h>' \
    'static int deep(volatile char *up) { volatile char here[4096]; here[0] = *up; return deep(here) + here[0]; }' \
    'static int handle(struct dg_context *context, const struct dg_message *message) {' \
    "(void)deep; (void)message; $1; return dg_apply(context); }" \
    'const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "p", .handle = handle};' >plugin.c
  "${CC:-cc}" -w -O0 -shared -fPIC -I "$top/sim/handler" -o plugin.so plugin.c || fail 'not compiled'
  sed 's/2s/500ms/' one.yaml >short.yaml
  tool check short.yaml --out k --plugin ./plugin.so
}
plugin_ends() {
  plugin 'exit(3)' && expect
  plugin 'abort()' && expect
  plugin 'char c = 1; deep(&c)' && expect
  plugin 'for (int i = 0; i < 1000; i++) close(i)' && expect
}
plugin_hangs() {
  plugin 'for (;;) {}' && expect
  plugin 'fork(); for (;;) sleep(1000)' && expect
  plugin 'if (fork() == 0) { sleep(1000); } exit(0)' && expect # the child holds what it answers by
}

sql_hangs() {
  cat >never.sql <<'SQL'
-- dgsim: schema
CREATE TABLE done (id TEXT PRIMARY KEY);
-- dgsim: handler
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n;
-- dgsim: probe
SELECT id, 'payment', '10' FROM done;
SQL
  sed 's/2s/100ms/' one.yaml >short.yaml
  tool check short.yaml --out k --sql never.sql
  expect
}

probe_fails() {
  local probe
  for probe in '[nothing-there]' '[sh, -c, "exit 3"]' '[sh, -c, "sleep 1000"]' '[sh, -c, "yes"]' '[head, -c, 50000000, /dev/zero]'; do
    sed "s|2s|500ms, probe: $probe|" one.yaml >short.yaml
    tool check short.yaml --out k -- bash careful.sh
    expect
  done
}
