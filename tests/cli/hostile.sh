# shellcheck shell=bash disable=SC2016
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
row 'a billion messages in 64 MiB' 143 'interrupted' 6 \
  "ulimit -v 262144; timeout --preserve-status -s TERM 2 \"\$dgsim\" run --no-charts -j 1 --out many many.yaml; exit \$?"
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
