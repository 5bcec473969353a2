# shellcheck shell=bash disable=SC2016,SC2154
# The rows of scripts/hostile.sh: what is wrong, exit status, what has to be said, seconds, command. Each file is made
# once, before the rows that use it; `scenario` makes one of a few lines.

scenario() { printf 'format: 1\nname: hostile\n%b\n' "$2" >"$1.yaml"; }
GOOD='system: at-least-once\nworkload: {messages: 5}\nmeasure_capacity: false'
scenario good "$GOOD"
run='dgsim run --no-charts -j 1'

# --- What is no file to be read ---
mkfifo fifo
mkdir folder
: >empty.yaml
printf 'x' >unreadable.yaml
chmod 0 unreadable.yaml
row 'a file that is not there' 64 'nowhere.yaml: error: cannot open it: No such file' 1 "$run nowhere.yaml"
row 'an empty file' 64 "empty.yaml:1:1: error: 'format' is missing" 1 "$run empty.yaml"
row 'a folder as the scenario' 64 'folder: error: cannot read it: Is a directory' 1 "$run folder"
row 'a FIFO that nobody writes into' 64 'it is a FIFO, and nobody writes into it' 2 "$run fifo"
row 'a pipe of the shell' 0 'held' 3 "$run <(cat good.yaml)"
row '/dev/zero as the scenario' 64 '/dev/zero:1:1: error: larger than 1 MiB' 1 "$run /dev/zero"
row '/dev/full as the scenario' 64 '/dev/full:1:1: error: larger than 1 MiB' 1 "$run /dev/full"
row '/dev/urandom as the scenario' 64 '/dev/urandom:1:1: error: larger than 1 MiB' 1 "$run /dev/urandom"
row '/dev/null as the scenario' 64 "/dev/null:1:1: error: 'format' is missing" 1 "$run /dev/null"
if ((EUID != 0)); then
  row 'a file that may not be read' 64 'unreadable.yaml: error: cannot open it: Permission denied' 1 "$run unreadable.yaml"
fi
ln -s loop.yaml loop.yaml
row 'a link to itself' 64 'loop.yaml: error: cannot open it: Too many levels of symbolic links' 1 "$run loop.yaml"
row 'a name of 5000 characters' 64 'File name too long' 1 "$run $(printf 'x%.0s' {1..5000}).yaml"
row 'a file below a file' 64 'good.yaml/x: error: cannot open it: Not a directory' 1 "$run good.yaml/x"
for command in judge diff merge explain explore shrink replay check; do
  rest='' says='it is a FIFO, and nobody writes into it'
  case $command in
    diff) rest=good.yaml ;;
    check) rest='-- true' ;;
    merge) says="cannot read 'fifo': it is no regular file" ;;
  esac
  row "a FIFO for $command" 64 "$says" 2 "dgsim $command fifo $rest"
done

# --- Size ---
head -c 100000000 /dev/zero | tr '\0' '#' >large.yaml
{ printf 'format: 1\nabout: ' && head -c 50000000 /dev/zero | tr '\0' x; } >line.yaml
{ echo 'format: 1' && seq -f 'k%.0f: 1' 1000000; } >keys.yaml
{ echo 'format: 1' && seq -f 'k%.0f: 1' 80000; } >keys-within.yaml
{ printf 'format: 1\nlinks: ' && head -c 100000 /dev/zero | tr '\0' '['; } >deep-list.yaml
{ printf 'format: 1\nlinks: ' && yes '{a: ' | head -n 100000 | tr -d '\n'; } >deep-map.yaml
head -c 300000 /dev/zero | tr '\0' '-' | sed 's/-/- /g' >deep-block.yaml
{ printf 'format: 1\nabout: ' && head -c 900000 /dev/zero | tr '\0' x; } >about.yaml
row 'a file of 100 MB' 64 'large.yaml:1:1: error: larger than 1 MiB' 2 "$run large.yaml"
row 'a line of 50 MB' 64 'line.yaml:1:1: error: larger than 1 MiB' 2 "$run line.yaml"
row 'a million keys' 64 'keys.yaml:1:1: error: larger than 1 MiB' 2 "$run keys.yaml"
row '80 000 keys in a map' 64 "keys-within.yaml:2:1: error: unknown key 'k1'" 2 "$run keys-within.yaml"
row 'lists 100 000 deep' 64 'deep-list.yaml:2:39: error: nested deeper than 32 levels' 1 "$run deep-list.yaml"
row 'maps 100 000 deep' 64 'error: nested deeper than 32 levels' 1 "$run deep-map.yaml"
row 'blocks 300 000 deep' 64 'deep-block.yaml:1:65: error: nested deeper than 32 levels' 1 "$run deep-block.yaml"
row 'a text of 900 KB' 64 "about.yaml:1:1: error: there is no 'system' to run" 2 "$run about.yaml"

# --- Not this YAML ---
printf 'format: 1\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n' >bomb.yaml
printf 'format: 1\nlinks: &a\n  <<: *a\n' >cycle.yaml
printf 'format: 1\nlinks: {<<: {a: 1}}\n' >merge.yaml
printf 'format: 1\nname: a\0b\n' >nul.yaml
printf 'format: 1\nname: "a\\0b"\n' >nul-escaped.yaml
printf 'format: 1\nabout: caf\xe9\n' >latin.yaml
printf 'format: 1\nabout: \xc0\xaf\n' >overlong.yaml
printf 'format: 1\nabout: \xed\xa0\x80\n' >surrogate.yaml
{ printf '\xef\xbb\xbf' && cat good.yaml; } >bom.yaml
sed 's/$/\r/' good.yaml >crlf.yaml
tr '\n' '\r' <good.yaml >cr.yaml
iconv -t UTF-16 good.yaml >utf16.yaml
iconv -t UTF-32 good.yaml >utf32.yaml
printf 'format: 1\nabout: \x1b[31mred\n' >escape.yaml
printf 'format: 1\nabout: \xc2\x9b31mred\n' >c1.yaml
printf 'format: 1\n\tname: x\n' >tab.yaml
printf 'format: 1\n--- \nformat: 1\n' >documents.yaml
printf '%%YAML 9.9\n---\nformat: 1\n' >directive.yaml
printf 'format: 1\nabout: !!python/object:os.system x\n' >tag.yaml
printf 'format: 1\n? [a, b]\n: 1\n' >complex-key.yaml
printf 'format: 1\nname: x\nname: y\n' >twice.yaml
printf '{"format": 1, "system": "at-least-once", "workload": {"messages": 5}}' >json.yaml
row 'an alias bomb' 64 'bomb.yaml:2:4: error: an anchor' 1 "$run bomb.yaml"
row 'a map that contains itself' 64 'cycle.yaml:2:8: error: an anchor' 1 "$run cycle.yaml"
row 'a merge key' 64 'merge.yaml:2:9: error: a merge key' 1 "$run merge.yaml"
row 'a NUL byte' 64 'nul.yaml:2:8: error: a NUL byte' 1 "$run nul.yaml"
row 'a NUL in quotes' 64 'nul-escaped.yaml:2:7: error: a NUL character' 1 "$run nul-escaped.yaml"
row 'Latin-1' 64 'latin.yaml:2:11: error: byte 0xE9 is not UTF-8 text' 1 "$run latin.yaml"
row 'UTF-8 in too long a form' 64 'overlong.yaml:2:8: error: byte 0xC0 is not UTF-8 text' 1 "$run overlong.yaml"
row 'half a surrogate pair' 64 'surrogate.yaml:2:8: error: byte 0xED is not UTF-8 text' 1 "$run surrogate.yaml"
row 'a byte order mark' 0 'held' 3 "$run bom.yaml"
row 'CR LF' 0 'held' 3 "$run crlf.yaml"
row 'CR alone' 0 'held' 3 "$run cr.yaml"
row 'UTF-16' 64 'utf16.yaml:1:1: error: byte 0xFF is not UTF-8 text' 1 "$run utf16.yaml"
row 'UTF-32' 64 'utf32.yaml:1:1: error: byte 0xFF is not UTF-8 text' 1 "$run utf32.yaml"
row 'a terminal escape' 64 'escape.yaml:2:8: error: control character 0x1B' 1 "$run escape.yaml"
row 'the same in one character' 64 'c1.yaml:2:8: error: byte 0xC2 is not UTF-8 text' 1 "$run c1.yaml"
row 'a tab as indentation' 64 'tab.yaml:2:1: error: not YAML
indent with blanks' 1 "$run tab.yaml"
row 'two documents' 64 'documents.yaml:2:1: error: a second document' 1 "$run documents.yaml"
row 'a directive' 64 'directive.yaml:1:1: error: not YAML: found incompatible YAML document' 1 "$run directive.yaml"
row 'a tag of Python' 64 'tag.yaml:2:8: error: a tag' 1 "$run tag.yaml"
row 'a list as a key' 64 'complex-key.yaml:2:3: error: a key must be a word' 1 "$run complex-key.yaml"
row 'a key twice' 64 "twice.yaml:3:1: error: key 'name' given twice
first at line 2" 1 "$run twice.yaml"
row 'JSON, which is YAML' 0 'held' 3 "$run json.yaml"
row 'a program as a scenario' 64 'true.bin:1:1: error: control character 0x7F' 1 "cp /bin/true true.bin; $run true.bin"

# --- Numbers ---
# number KEY VALUE WHAT-IS-SAID: a value of `workload`.
number() {
  scenario number "system: at-least-once\nworkload: {$1: $2}"
  row "$1: $2" 64 "number.yaml:4:$((14 + ${#1})): error: $3" 1 "$run number.yaml"
}
for value in -1 1e400 1e-400 NaN inf 1.5 0x10 1_000 +5 1e3 '" 5"' '٣' true; do
  bare=${value//\"/}
  number messages "$value" "'$bare' is not a count"
done
number messages 0 "'0' is too small for 'messages': the least is 1"
number messages 99999999999999999999 "'99999999999999999999' is too large for 'messages': the most is 1000000000000"
number messages 18446744073709551616 "'18446744073709551616' is too large"
number keys 0 "'0' is too small for 'keys'"
number keys 4294967297 "'4294967297' is too large for 'keys': the most is 100000000"
number rate 0/s "'0/s' is too small for 'rate'"
number rate 1e400/s "'1e400/s' is not a rate"
number rate 99999999999999999999/s "'99999999999999999999/s' is too large for 'rate'"
number rate 0.0000001/s "'0.0000001/s' is not exact"
number rate -5/s "'-5/s' is not a rate"
number for 0s "'0s' is too small for 'for'"
number for -1s "'-1s' is not a time"
number for 1e400s "'1e400s' is not a time"
number for 99999999999999999999s "'99999999999999999999s' is too large for 'for': the most is"
number for 26001d "'26001d' is too large for 'for'"
number for 0.1ns "'0.1ns' is not exact in nanoseconds"
number for NaNs "'NaNs' is not a time"
number size -1B "'-1B' is not a size"
number size 2GiB "'2GiB' is too large for 'size': the most is 1GiB"
number size 9999999999999GiB "'9999999999999GiB' is too large"
number service_time 26000d "the tail of '26000d' reaches beyond 71 years"
number service_time -5ms "'-5ms' is not a distribution"
number service_time 'uniform min=5ms max=1ms' ""
number service_time 'lognormal median=1ms p99=0s' ""
number service_time 'lognormal median=1ns p99=26000d' ""
number service_time 'pareto min=1ms exponent=1e400' ""
number service_time 'pareto min=1ms exponent=0' ""
number service_time 'pareto min=1ms exponent=0.0000001' ""
number service_time 'mix 1ms=50% 2ms=60%' ""
number service_time 'mix 1ms=200%' ""
number outstanding 0 "'0' is too small for 'outstanding'"
number outstanding 1000000001 "'1000000001' is too large for 'outstanding': the most is 1000000"
for value in 101% 1e400% -1% NaN% 99999999999999999999% 0.00000000001% 0.5; do
  scenario share "system: at-least-once\nlinks: {default: {loss: $value}}"
  row "loss: $value" 64 "share.yaml:4:25: error: '$value'" 1 "$run share.yaml"
done
scenario seeds "seeds: 99999999999999999999\n$GOOD"
row 'seeds: 99999999999999999999' 64 'seeds.yaml:3:8: error: ' 1 "$run seeds.yaml"
scenario seeds "seeds: 1000000001\n$GOOD"
row 'a billion seeds' 64 'seeds.yaml:3:8: error: ' 1 "$run seeds.yaml"

# --- None, and far too many ---
topology() {
  scenario topology "system: ${4:-at-least-once}\ntopology: {$1}\nworkload: {messages: 5}\nmeasure_capacity: false"
  row "topology: $1" "$2" "$3" "${5:-2}" "$run topology.yaml"
}
for key in consumers producers brokers partitions threads cores; do
  topology "$key: 0" 64 "topology.yaml:4:$((14 + ${#key})): error: '0' is too small for '$key': the least is 1"
done
topology 'consumers: 1000000' 64 "topology.yaml:4:23: error: '1000000' is too large for 'consumers': the most is 20000"
topology 'consumers: 20000' 64 "topology.yaml:4:23: error: 'consumers' makes 20003 nodes; the most is 20000"
topology 'threads: 10000, consumers: 19000' 64 "'consumers' makes 190000000 handlers at work at once; the most is 20000"
topology 'brokers: 19990' 64 "topology.yaml:4:21: error: 'brokers' makes 399660072 connections; the most is 1000000"
topology 'brokers: 1000, consumers: 10000' 64 "'consumers' makes 10" sqs-standard
topology 'partitions: 20001' 64 "topology.yaml:4:24: error: '20001' is too large for 'partitions': the most is 20000"
topology 'partitions: 20000' 64 'at most 1000 partitions, not 20000'
topology 'cores: 65' 64 "topology.yaml:4:19: error: '65' is too large for 'cores': the most is 64"
topology 'consumers: 19990' 0 held sqs-standard 20
topology 'producers: 19990' 0 held sqs-standard 20
topology 'threads: 10000' 0 held sqs-standard 10
topology 'partitions: 1000, consumers: 1000' 0 held at-least-once 20
scenario many 'system: at-least-once\nworkload: {messages: 1000000000, rate: 1000000/s}\nmeasure_capacity: false'
row 'a billion messages, ended by SIGTERM' 143 'dgsim: interrupted: 0 of 1 runs are in' 5 \
  "timeout --preserve-status -s TERM 1 \"\$dgsim\" run --no-charts -j 1 --out many many.yaml; exit \$?"
row 'a billion messages, ended by SIGINT' 130 'dgsim: interrupted: 0 of 1 runs are in' 5 \
  "timeout --preserve-status -s INT 1 \"\$dgsim\" run --no-charts -j 1 --out many many.yaml; exit \$?"
if ! $sanitized; then
  row 'a billion messages in 64 MiB' 143 'interrupted' 6 \
    "ulimit -v 262144; timeout --preserve-status -s TERM 2 \"\$dgsim\" run --no-charts -j 1 --out many many.yaml; exit \$?"
fi
row 'a billion messages, one explained' 64 'many.yaml: error: too many operations to be explained: at most 20000000' 2 \
  'dgsim explain many.yaml'
scenario tiny 'system: at-least-once\nworkload: {messages: 1000000000, rate: 1/d}\nmeasure_capacity: false'
row 'a billion messages, one a day' 64 "tiny.yaml:4:40: error: the 'for' that follows from it is out of range" 2 "$run tiny.yaml"
{ cat good.yaml && echo 'faults:' && yes '  - {at: 1s, kill: consumer.1, for: 1ms}' | head -n 20000; } >faults.yaml
row '20 000 faults' 64 'error: ' 3 "$run faults.yaml"
{ cat good.yaml && echo 'faults:' && yes '  - {at: 1s, kill: consumer.1, for: 1ms}' | head -n 1000000; } >faults-million.yaml
row 'a million faults' 64 'faults-million.yaml:1:1: error: larger than 1 MiB' 2 "$run faults-million.yaml"
{ echo fault,target,at,for && seq -f 'kill,consumer.1,%.0fms,1us' 1000000; } >faults.csv
{ cat good.yaml && printf 'faults:\n  - {file: faults.csv}\n'; } >faults-file.yaml
row 'a million faults in a file' 64 'error: ' 5 "$run faults-file.yaml"
{ cat good.yaml && printf 'faults:\n  - {every: 1ns, drop: consumer_to_broker, for: 1ns}\n'; } >faults-dense.yaml
row 'a fault every nanosecond' 64 'faults-dense.yaml:7:' 2 "$run faults-dense.yaml"
{ printf 'format: 1\ncompare:\n' && seq -f '  - {label: r%.0f, system: at-least-once}' 20000; } >rows.yaml
row '20 000 rows' 64 "rows.yaml:3:3: error: 'compare' has more than" 2 "$run rows.yaml"
{ cat good.yaml && printf 'sweep: {' && for i in {1..7}; do printf 'topology/%s: [%s], ' "k$i" "$(seq -s, 1 50)"; done && echo '}'; } >sweep.yaml
row 'a sweep over unknown keys' 64 'sweep.yaml:6:9: error: ' 2 "$run sweep.yaml"
{ cat good.yaml && printf 'sweep: {workload/keys: [%s], topology/partitions: [%s], topology/threads: [%s]}\n' \
  "$(seq -s, 1 1000)" "$(seq -s, 1 1000)" "$(seq -s, 1 1000)"; } >sweep-large.yaml
row 'a sweep over a billion points' 64 'sweep-large.yaml:6:8: error: ' 2 "$run sweep-large.yaml"

# --- Times ---
# What takes 71 years of virtual time takes some time: it ends when it is told to.
ended() { echo "timeout --preserve-status -s TERM 1 \"\$dgsim\" run --no-charts -j 1 --out $1 $1.yaml"; }
scenario late "$GOOD\nfaults:\n  - {at: 26000d, kill: consumer.1, for: 1s}"
row 'a fault after 71 years, ended by SIGTERM' 143 'dgsim: interrupted: 0 of 1 runs are in' 5 "$(ended late)"
scenario endless "$GOOD\nfaults:\n  - {at: 1ms, kill: consumer.1, for: 26000d}"
row 'a fault that lasts 71 years, ended by SIGTERM' 143 'dgsim: interrupted: 0 of 1 runs are in' 5 "$(ended endless)"
scenario never "$GOOD\nfaults:\n  - {at: -1s, kill: consumer.1, for: 1s}"
row 'a fault before the beginning' 64 "never.yaml:7:10: error: '-1s' is not a time" 1 "$run never.yaml"
scenario bandwidth "$GOOD\nlinks: {default: {bandwidth: 1B/s}}"
row 'a byte a second' 0 '' 10 "$run bandwidth.yaml"
scenario bandwidth "$GOOD\nlinks: {default: {bandwidth: 1B/d}}"
row 'a byte a day' 64 "bandwidth.yaml:6:30: error: '1B/d' is not exact" 1 "$run bandwidth.yaml"
scenario lossy "$GOOD\nlinks: {default: {loss: 100%}}"
row 'everything is lost' 0 '' 10 "$run lossy.yaml"
scenario rare "system: at-least-once\nworkload: {messages: 5, rate: 1/d}\nmeasure_capacity: false"
row 'a message a day' 0 held 10 "$run rare.yaml"
scenario drain "$GOOD\ndrain_limit: 1ns"
row 'a drain limit of a nanosecond' 1 'breaks its contract: stuck' 5 "$run drain.yaml"
scenario session 'system: {name: at-least-once, session.timeout.ms: 1ns, heartbeat.interval.ms: 1ns}\nworkload: {messages: 5}'
row 'a heartbeat every nanosecond' 64 'session.yaml:3:' 5 "$run session.yaml"

# --- What refers to itself ---
scenario itself "$GOOD\nfaults:\n  - {name: again, when: again, kill: consumer.1, for: 1s}"
row 'a fault that is triggered by itself' 64 "itself.yaml:7:25: error: unknown point 'again'" 1 "$run itself.yaml"
scenario partition "$GOOD\nfaults:\n  - {at: 1ms, partition: consumer.1, from: consumer.1, for: 1s}"
row 'a partition of a node from itself' 64 "error: nothing goes between the two sides" 1 "$run partition.yaml"
scenario link "$GOOD\nlinks: {default_to_default: {loss: 1%}}"
row 'a link from links' 64 "link.yaml:6:9: error: unknown link 'default_to_default'" 1 "$run link.yaml"
scenario link "$GOOD\nlinks: {consumer_to_consumer: {loss: 1%}}"
row 'a link from consumers to themselves' 64 "link.yaml:6:9: error: unknown link 'consumer_to_consumer'" 1 "$run link.yaml"
scenario more "$GOOD\nexpect:\n  - {row: at-least-once, lost: more than at-least-once}"
row 'a row compared with itself' 64 'more.yaml:7:' 1 "$run more.yaml"
scenario arrivals 'system: at-least-once\nworkload: {arrivals: {file: arrivals.yaml}}'
row 'a scenario whose arrivals are itself' 64 'arrivals.yaml:' 1 "$run arrivals.yaml"
scenario sweep-sweep "$GOOD\nsweep: {sweep/workload/rate: [1/s, 2/s]}"
row 'a sweep of the sweep' 64 'sweep-sweep.yaml:6:9: error: ' 1 "$run sweep-sweep.yaml"
scenario services "$GOOD\nservices: {a: {calls: a}}"
row 'a service that calls itself' 64 "services.yaml:6:1: error: 'services' is not in this version yet" 1 "$run services.yaml"
scenario group 'system: kafka-acks-all\nworkload: {messages: 5}\ngroups: {a: {reads: a}}'
row 'a group that reads what it writes' 64 "group.yaml:5:14: error: 'reads' is not in this version yet" 1 "$run group.yaml"

# --- Names ---
name() {
  printf 'format: 1\nsystem: at-least-once\nname: %b\n' "$2" >name.yaml
  row "a name $1" 64 'name.yaml:3:7: error: ' 2 "$run name.yaml"
}
name 'with a slash' 'a/b'
name 'that leads away' '../../etc'
name 'of two dots' '..'
name 'that is empty' '""'
name 'with a line end' '"a\\nb"'
name 'with a terminal escape' '"\\e[2J\\e]0;x\\a"'
name 'with a blank' '"a b"'
name 'that is an option' '"--help"'
name 'in another script' 'größe'
name 'with what turns text round' '"a\\u202Eb"'
name 'of 101 characters' "$(head -c 101 /dev/zero | tr '\0' x)"
name 'of 900 000 characters' "$(head -c 900000 /dev/zero | tr '\0' x)"
label() {
  printf 'format: 1\nname: hostile\nworkload: {messages: 5}\ncompare: [{label: %b, system: at-least-once}]\n' "$2" >label.yaml
  row "a label $1" "$3" "$4" 3 "$run label.yaml"
}
label 'with a line end' '"a\\nb"' 64 'label.yaml:4:19: error: '
label 'with a terminal escape' '"\\e[31m"' 64 'label.yaml:4:19: error: '
label 'that is empty' '""' 64 'label.yaml:4:19: error: '
label 'of 100 000 characters' "$(head -c 100000 /dev/zero | tr '\0' x)" 64 'label.yaml:4:19: error: '
printf 'format: 1\nsystem: "\\e[31m"\n' >system.yaml
row 'a system with a terminal escape' 64 "system.yaml:2:9: error: unknown system '" 1 "$run system.yaml"
{ printf 'format: 1\nsystem: ' && head -c 900000 /dev/zero | tr '\0' x && echo; } >system.yaml
row 'a system with a name of 900 000 characters' 64 "system.yaml:2:9: error: unknown system 'xxx" 2 "$run system.yaml"
printf 'format: 1\nsystem: at-least-once\nfaults: [{at: 1s, kill: "\\e[31m.1", for: 1s}]\n' >node.yaml
row 'a node with a terminal escape' 64 'node.yaml:3:25: error: ' 1 "$run node.yaml"
printf 'format: 1\nsystem: at-least-once\nfaults: [{at: 1s, kill: consumer.99999999999999999999, for: 1s}]\n' >node.yaml
row 'a node of a number beyond all' 64 'node.yaml:3:25: error: ' 1 "$run node.yaml"
cp good.yaml $'odd\e[31m\n\xff.yaml'
row 'a file with a terminal escape in its name' 0 held 3 "$run odd*.yaml"
printf 'format: 2\n' >$'mad\e[31m\n\xff.yaml'
row 'the same with a mistake in it' 64 'mad?[31m??.yaml:1:9: error: ' 1 "$run mad*.yaml"
row 'a file that is not there, with one' 64 'error: cannot open it' 1 "$run \$'\\e]0;title\\a.yaml'"

# --- The command line ---
set_to() { row "--set $1" 64 "$2" 2 "dgsim run good.yaml --no-charts --set $3"; }
set_to 'nothing' "--set: '' is not PATH=VALUE" "''"
set_to '=' "--set: '=' is not PATH=VALUE" '='
set_to 'garbage' '--set: ' "\$'\\xff\\xfe'"
set_to 'an empty part' 'error: ' '//=1'
set_to 'a path of itself' 'error: ' "\$(printf 'a/%.0s' {1..10000})b=1"
set_to 'a path of nothing' 'error: ' 'workload/=5'
set_to 'a map in a value' 'error: ' "'workload/rate={a: [b'"
set_to 'a list 10 000 deep' 'nested deeper than 32 levels' "workload/rate=\$(printf '[%.0s' {1..10000})"
set_to 'a value of 100 000 characters' 'error: ' "workload/rate=\$(head -c 100000 /dev/zero | tr '\\0' 9)"
set_to 'a terminal escape' 'error: ' "\$'work\\e[2Jload=1'"
set_to 'a second document' 'a second document' "\$'workload/rate=1/s\\n---\\nx'"
set_to 'an anchor' 'an anchor' "'workload/rate=&a 1/s'"
set_to 'a number beyond all' 'is too large' 'workload/messages=99999999999999999999'
set_to 'the format' 'error: ' 'format=2'
row '--vary nothing' 64 "--vary: '' is not PATH=VALUE,VALUE" 1 "dgsim run good.yaml --vary ''"
row '--vary commas' 64 'error: ' 1 "dgsim run good.yaml --vary workload/rate=,,,"
row '--vary 12 000 values' 64 'error: ' 5 "dgsim run good.yaml --vary workload/rate=\$(seq -s/s, 1 12000)/s"
for option in seeds seed jobs; do
  for value in -1 0 99999999999999999999 1e9 '' NaN 0x10 ' 1'; do
    row "--$option '$value'" 64 "error: --$option: " 1 "dgsim run good.yaml --$option '$value'"
  done
done
for value in 0/1 2/1 1/0 1 / 1/ /1 -1/2 1/99999999999999999999 1/2/3 99999999999999999999999999999/3; do
  row "--shard $value" 64 'error: --shard: ' 1 "dgsim run good.yaml --shard '$value'"
done
row '--messages twice' 1 'hostile, row at-least-once: 1 operations' 10 'dgsim explore good.yaml --messages 3 --messages 1'
row 'an option with a terminal escape' 64 "unknown option '--?[2J'" 1 "dgsim run good.yaml \$'--\\e[2J'"
row 'a command with a terminal escape' 64 "unknown command '?[2J'" 1 "dgsim \$'\\e[2J'"
row 'an empty command' 64 "unknown command ''" 1 "dgsim ''"
row 'no arguments at all' 64 'Usage: dgsim COMMAND' 1 'dgsim'
row 'not even a name' 64 '' 1 'python3 -c "import ctypes, os; ctypes.CDLL(None).execve(os.environ[\"dgsim\"].encode(), (ctypes.c_char_p * 1)(None), (ctypes.c_char_p * 1)(None))"'
row '10 000 files' 64 'error: ' 10 "dgsim run \$(yes nowhere.yaml | head -n 10000) 2>&1 | tail -n 3; exit \${PIPESTATUS[0]}"
row 'a command of 100 000 words' 0 held 5 "dgsim run good.yaml --no-charts \$(yes -- '--set about=x' | head -n 30000)"

# --- Where to write ---
out() { row "--out $1" "$2" "$3" 5 "dgsim run good.yaml --no-charts --out $4"; }
: >plain
mkdir no-entry full && chmod 555 no-entry
out 'that is empty' 64 '--out: the directory has no name' "''"
out 'that is a file' 64 'error: ' plain
out 'below a file' 64 'error: ' plain/below
out 'that is a device' 64 'error: ' /dev/null
out 'with a terminal escape, a line end and what is no UTF-8' 0 'files ' "\$'odd\\e[31m\\n\\xff'"
out 'that is an option' 64 "their results would be in the same place" '-- good.yaml'
out 'with a name of 300 characters' 64 'File name too long' "\$(head -c 300 /dev/zero | tr '\\0' x)"
out 'with a path of 5000 characters' 64 'error: ' "\$(printf 'x/%.0s' {1..2500})"
out 'with 100 000 characters' 64 'error: ' "\$(head -c 100000 /dev/zero | tr '\\0' x)"
out 'in /proc' 64 'error: ' /proc/1/x
if ((EUID != 0)); then out 'that may not be written' 64 'Permission denied' no-entry/x; fi
mkdir -p taken/hostile && mkfifo taken/hostile/runs.journal
row 'a FIFO in the place of the journal' 64 'error: ' 3 'dgsim run good.yaml --no-charts --resume --out taken'
mkdir -p other/hostile && head -c 5000 /dev/urandom >other/hostile/runs.journal
row 'garbage in the place of the journal' 64 'error: ' 3 'dgsim run good.yaml --no-charts --resume --out other'
mkdir -p dirs/hostile/runs.journal
row 'a folder in the place of the journal' 64 'error: ' 3 'dgsim run good.yaml --no-charts --out dirs'
mkdir -p dirs2/hostile/runs.csv
row 'a folder in the place of a table' 64 'error: ' 3 'dgsim run good.yaml --no-charts --out dirs2'
row 'a trace into a folder' 64 'error: ' 3 'dgsim run good.yaml --trace folder'
row 'a trace into nowhere' 64 'error: ' 3 'dgsim run good.yaml --trace nowhere/x'
ln -s /dev/full device # through a link, so that nothing could take the place of the device itself
row 'a trace onto a full device' 64 'No space left on device' 3 'dgsim run good.yaml --trace device; status=$?; [[ -L device ]] && exit $status'
row 'a record into a file' 64 'error: ' 3 'dgsim run good.yaml --record plain'

# --- Surroundings ---
row 'an empty environment' 0 held 5 'env -i "$dgsim" run good.yaml --no-charts --out bare'
row 'no HOME, PATH, LANG' 0 held 5 'unset HOME PATH LANG LC_ALL; dgsim run good.yaml --out nopath'
row 'a locale that is not there' 0 held 5 'LC_ALL=xx_YY.UTF-8 LANG=$(printf "\377") dgsim run good.yaml --no-charts'
row 'TERM of garbage' 0 held 5 'TERM=$(printf "\033[31m") dgsim run good.yaml --no-charts'
row 'TMPDIR that is not there' 0 held 5 'TMPDIR=/nowhere dgsim run good.yaml'
row 'ranks of garbage' 0 held 5 'OMPI_COMM_WORLD_RANK=x OMPI_COMM_WORLD_SIZE=-1 PMI_RANK=99999999999999999999 dgsim run good.yaml --no-charts'
row 'standard input closed' 0 held 5 'dgsim run good.yaml --no-charts <&-'
row 'standard output closed' 70 'cannot write to the standard output' 5 'dgsim run good.yaml --no-charts >&-'
row 'standard error closed' 0 held 5 'dgsim run good.yaml --no-charts 2>&-'
row 'all of them closed' 70 '' 5 'dgsim run good.yaml --no-charts <&- >&- 2>&-'
row 'standard output full' 70 'cannot write to the standard output' 5 'dgsim run good.yaml --no-charts >/dev/full'
row 'standard error full' 64 '' 2 'dgsim run nowhere.yaml 2>/dev/full'
row 'a reader that is gone' 141 '' 5 'dgsim list keys | true; exit ${PIPESTATUS[0]}'
row 'a folder that has been removed' 0 held 5 'mkdir gone && cp good.yaml gone/ && cd gone && rm -r ../gone && dgsim run /dev/stdin --no-charts --out /dev/shm/dgsim-hostile-$$ <<<"$(sed -n p ../good.yaml 2>/dev/null || printf "format: 1\nsystem: at-least-once\nworkload: {messages: 5}\n")"; status=$?; rm -rf /dev/shm/dgsim-hostile-$$; exit $status'
row 'four files open at most' 64 'error: ' 5 'for fd in {3..63}; do eval "exec $fd>&-"; done; ulimit -n 4; dgsim run good.yaml --no-charts'
row 'no file may grow' 64 '' 5 'ulimit -f 0; dgsim run good.yaml --no-charts --out small'

# --- Traces, journals and results ---
dgsim_run() { "$dgsim" run --no-charts -j 1 "$@" >/dev/null 2>&1; }
dgsim_run good.yaml --trace good.trace
dgsim_run good.yaml --out journals --shard 1/1
journal=journals/hostile/shard-1-of-1.journal
head -c 30 good.trace >header.trace
head -c 5000 good.trace >cut.trace
{ head -c 16 good.trace && printf '\377\377\377\377' && tail -c +21 good.trace; } >length.trace
{ head -c 24 good.trace && head -c 100000 /dev/urandom; } >garbage.trace
head -c 1000000 /dev/zero >zeros.trace
row 'a trace that is judged' 0 held 3 'dgsim judge good.trace'
row 'an empty trace' 64 'empty.yaml: error: not a trace' 1 'dgsim judge empty.yaml'
row 'a scenario as a trace' 64 'good.yaml: error: not a trace' 1 'dgsim judge good.yaml'
row 'a trace of zeros' 64 'zeros.trace: error: not a trace' 1 'dgsim judge zeros.trace'
row 'a trace with half a header' 64 'header.trace: error: ' 1 'dgsim judge header.trace'
row 'a trace that is cut off' 64 'cut.trace: error: ' 1 'dgsim judge cut.trace'
row 'a trace with a text of 4 GB' 64 'length.trace: error: a text of 4294967295 bytes' 1 'dgsim judge length.trace'
row 'a trace of garbage' 64 'error: ' 1 'dgsim judge garbage.trace'
row 'a folder as a trace' 64 'error: ' 1 'dgsim judge folder'
row '/dev/zero as a trace' 64 'error: not a trace' 1 'dgsim judge /dev/zero'
row 'a trace beside garbage' 1 'record 1 is the first that differs' 1 'dgsim diff good.trace garbage.trace'
head -c 100 "$journal" >cut.journal
{ cat "$journal" && head -c 1000 /dev/urandom; } >behind.journal
sed 's/^path .*/path \/dev\/zero/' "$journal" >path.journal
{ echo 'dgsim journal 1' && yes 'word --set' | head -n 1000000; } >words.journal
row 'a journal that is merged' 0 held 3 "dgsim merge $journal --no-charts --out merged"
row 'half the head of a journal' 64 'error: ' 1 'dgsim merge cut.journal --out merged'
row 'garbage behind a journal' 0 held 3 'dgsim merge behind.journal --no-charts --out merged'
row 'a journal whose head was changed' 64 'error: ' 1 'dgsim merge path.journal --out merged'
row 'a journal of a million words' 64 'error: ' 3 'dgsim merge words.journal --out merged'
row 'a scenario as a journal' 64 'error: ' 1 'dgsim merge good.yaml --out merged'
row 'a folder without journals' 64 "there is no shard-*.journal in 'folder'" 1 'dgsim merge folder --out merged'
row '/dev/zero as a journal' 64 'it is no regular file' 1 'dgsim merge /dev/zero --out merged'
dgsim_run good.yaml --out told
head -c 100000 /dev/zero | tr '\0' '[' >told/hostile/manifest.json
row 'a manifest 100 000 deep' 0 '' 3 'dgsim explain told/hostile'
rm told/hostile/manifest.json && mkfifo told/hostile/manifest.json
row 'a FIFO as the manifest' 0 '' 3 'dgsim explain told/hostile'
row 'a folder that is no result' 64 "'folder' is no directory of results" 1 'dgsim explain folder'

# --- What is to be checked ---
printf 'format: 1\nname: hostile\nworkload: {messages: 2}\ncheck: {answer_limit: 500ms}\n' >check.yaml
consumer() { row "a consumer that $1" 2 "$2" "${4:-5}" "dgsim check check.yaml -j 1 -- $3"; }
consumer 'is not there' 'cannot start' /nowhere
consumer 'is a folder' 'cannot start' folder
consumer 'has no name' 'cannot start' "''"
consumer 'is no program' 'cannot start' ./good.yaml
consumer 'ends at once' 'exited with status 0' true 10
consumer 'fails at once' 'exited with status 1' false 10
consumer 'says nothing' 'has given no line' 'sleep 100' 10
consumer 'writes zeros without end' '' 'cat /dev/zero' 10
consumer 'writes garbage without end' '' 'cat /dev/urandom' 10
consumer 'writes lines without end' 'y' 'yes' 10
consumer 'is 100 000 levels deep' '' "head -c 60000 deep-list.yaml" 10
consumer 'writes terminal escapes' '' "printf '\\033[2J\\n'" 10
consumer 'asks without end' 'chatty' "sh -c 'yes \"{\\\"call\\\":\\\"work\\\"}\"'" 20
consumer 'writes to its standard error without end' '' "sh -c 'yes >&2'" 20
consumer 'forks and goes' '' "sh -c 'sleep 100 & exit 0'" 20
row 'a probe without end' 2 '' 20 "dgsim check check.yaml -j 1 --set 'check/probe=[yes]' -- sh -c 'while read l; do echo \"{\\\"done\\\":1}\"; done'"
row 'a probe of garbage' 2 'the output of the probe is not text' 20 "dgsim check check.yaml -j 1 --set 'check/probe=[head, -c, \"9000\", /dev/urandom]' -- sh -c 'while read l; do echo \"{\\\"done\\\":1}\"; done'"
row 'SQL that is a scenario' 64 'good.yaml:1:1: error: ' 2 'dgsim check check.yaml --sql good.yaml'
row 'SQL of garbage' 64 'error: ' 2 'dgsim check check.yaml --sql garbage.trace'
row '/dev/zero as SQL' 64 'longer than 1 MiB' 2 'dgsim check check.yaml --sql /dev/zero'
printf -- '-- dgsim: probe\nSELECT 1, 2, 3;\n-- dgsim: handler\nWITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT sum(n) FROM r;\n' >endless.sql
row 'SQL without end' 2 '' 20 'dgsim check check.yaml -j 1 --sql endless.sql --set check/answer_limit=10ms'
row 'a scenario as a plug-in' 64 "'good.yaml' is not a shared object" 2 'dgsim check check.yaml --plugin good.yaml'
row 'a program as a plug-in' 64 'error: ' 3 'dgsim check check.yaml --plugin "$dgsim"'
head -c 3000 /usr/lib/*/libyaml-0.so.2 >cut.so
row 'half a shared object as a plug-in' 64 "'cut.so' is cut short" 2 'dgsim check check.yaml --plugin cut.so'
row 'another shared object as a plug-in' 64 'dg_plugin' 3 'dgsim check check.yaml --plugin $(echo /usr/lib/*/libyaml-0.so.2)'
row 'a folder as a plug-in' 64 "'folder' is not a file" 2 'dgsim check check.yaml --plugin folder'
printf 'format: 1\nname: hostile\nworkload: {messages: 2, body: {file: /dev/zero}}\ncheck: {}\n' >body.yaml
row '/dev/zero as the body' 64 'body.yaml:3:' 5 'dgsim check body.yaml -- true'
