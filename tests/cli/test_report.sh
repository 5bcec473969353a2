#!/usr/bin/env bash
# report.html: there after each campaign, the same bytes however it was done, whole, and well-formed.
#   tests/cli/test_report.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
here=$(realpath "$(dirname "$0")/report")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  tail -n 5 out err 2>/dev/null
  failures=$((failures + 1))
}
status() { # wanted, argument...
  local wanted=$1 got=0
  shift
  "$dgsim" "$@" >out 2>err || got=$?
  ((got == wanted)) || fail "dgsim $*: exit status $got, not $wanted"
}
says() { # report, text as it stands there...
  local report=$1 text
  shift
  for text in "$@"; do grep -qF -e "$text" "$report" || fail "$report does not say '$text'"; done
}
lacks() { # report, text...
  local report=$1 text
  shift
  for text in "$@"; do if grep -qF -e "$text" "$report"; then fail "$report says '$text'"; fi; done
}
well_formed() {
  if command -v python3 >/dev/null; then
    python3 "$here/page.py" "$@" >out 2>err || fail "$*: not as a page has to be"
  fi
}

cat >camp.yaml <<'YAML'
format: 1
name: camp
about: "a <script>alert('1')</script> & \"more\" ]]> <!-- &lt;"
seeds: 4
measure_capacity: false
workload: {messages: 1500, rate: 500/s, keys: 5}
compare: [at-most-once, at-least-once, {label: at-least-once + dedup-table, system: at-least-once, handler: dedup-table}]
faults:
  - {name: crash, every: 700ms, until: 3s, for: 200ms, kill: consumer.any}
  - {name: resets, every: exponential mean=300ms, until: 3s, reset: producer.any_to_broker}
  - {name: never, when: handled, intent: 1, attempt: 50, kill: this}
expect:
  - {row: at-most-once, lost: some}
  - {row: at-least-once, duplicate_effects: some, about: "<b>&\"'"}
YAML

# one fault never strikes: inconclusive. It is the same page for any number of workers, gone on with, or merged.
status 2 run camp.yaml -j 1 --out one
[[ -s one/camp/report.html ]] || fail 'no report.html'
status 2 run camp.yaml -j 2 --out two
cmp one/camp/report.html two/camp/report.html || fail '-j 2: another page'
truncate -s 3000 two/camp/runs.journal
status 2 run camp.yaml -j 2 --out two --resume
cmp one/camp/report.html two/camp/report.html || fail '--resume: another page'
for shard in 1 2; do status 0 run camp.yaml --shard $shard/2 --out parts; done
status 2 merge parts/camp --out merged
cmp one/camp/report.html merged/camp/report.html || fail 'merge: another page'
if command -v mpirun >/dev/null && [[ $(ldd "$dgsim") == *libmpi* ]]; then
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout 60 \
    mpirun --oversubscribe -n 2 "$dgsim" run camp.yaml --out ranks >out 2>err </dev/null
  cmp one/camp/report.html ranks/camp/report.html || fail 'mpirun: another page'
fi
lacks one/camp/report.html "$work" "$(date +%Y)-"

# what is promised is there
report=one/camp/report.html
for section in verdict results charts faults anomalies scenario again; do
  says "$report" "<section id=\"$section\" aria-labelledby=\"$section-heading\">" "href=\"#$section\""
done
says "$report" '<span class="inconclusive">' 'Missed: fault never (never hit)' \
  'a &lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;more&quot; ]]&gt; &lt;!-- &amp;lt;' \
  'How a run differs from at-most-once under the same luck' '<code>kill</code>' 'name: crash, every: 700ms, until: 3s' \
  'Story 1: operation ' ' is lost, under at-most-once' ' is doubled, under at-least-once' 'why: its process was killed by fault crash' \
  'class="diagram" role="img"' '# dgsim 0' 'dgsim run camp.yaml --seeds 4' 'dgsim run resolved.yaml' \
  "<code>$(sed -n 's/^digest *//p' one/camp/summary.txt)</code>" '<a href="runs.csv">'
lacks "$report" '<script' '<b>'
# each row of the table, as the summary has it
for cells in $(sed -n '/^guarantee /,/^$/p' one/camp/summary.txt | sed -n '3,5s/^at[a-z+ -]* \([0-9.]* ±[0-9.]*\|[0-9.]*\)  .*/\1/p' | tr ' ' '_'); do
  says "$report" "<td class=\"number\">${cells/_/ }</td>"
done

# the charts that gnuplot drew are in it; the scripts' names where there are none
charts=$(find one/camp/charts -name '*.svg' | wc -l)
if command -v gnuplot >/dev/null; then
  ((charts == 4)) || fail "$charts charts"
  [[ $(grep -c '<figure class="chart"' "$report") == "$charts" ]] || fail 'not every chart is in the page'
fi
status 2 run camp.yaml --out none --no-charts
# shellcheck disable=SC2016 # as it stands there
says none/camp/report.html 'charts are not drawn: there was no gnuplot' 'gnuplot &quot;$script&quot;'
lacks none/camp/report.html '<figure class="chart"'
status 2 run camp.yaml --out none --resume # the same command with charts
cmp "$report" none/camp/report.html || fail 'charts that were drawn later: another page'

# a gnuplot that draws something else does not get it into the page
mkdir fake
cat >fake/gnuplot <<'SH'
#!/bin/sh
echo '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>' >"$(basename "$2" .gp).svg"
SH
chmod +x fake/gnuplot
PATH=$PWD/fake:$PATH status 2 run camp.yaml --out fake
says fake/camp/report.html 'charts/timeline.svg is not as gnuplot draws it'
lacks fake/camp/report.html '<script'

# somebody removes what is written while gnuplot draws: an error, and what was there stays
cat >fake/gnuplot <<'SH'
#!/bin/sh
rm -rf ../../.new.*
SH
"$dgsim" run camp.yaml --out kept --no-charts >out 2>err
before=$(cat kept/camp/runs.csv kept/camp/manifest.json kept/camp/report.html | cksum)
PATH=$PWD/fake:$PATH status 64 run camp.yaml --out kept --seeds 2 --no-report
says err 'was removed before it was in its place'
[[ $(cat kept/camp/runs.csv kept/camp/manifest.json kept/camp/report.html | cksum) == "$before" ]] || fail 'old results are gone'
# who cannot see the process sees the lock of its folder
if command -v flock >/dev/null; then
  cat >fake/gnuplot <<'SH'
#!/bin/sh
flock -n .. true || : >"$SEEN"
SH
  SEEN=$PWD/locked PATH=$PWD/fake:$PATH status 2 run camp.yaml --out kept
  [[ -e locked ]] || fail 'the folder that is written to is not locked'
fi

# not wanted: not there, also where one was
status 2 run camp.yaml --out none --no-charts --no-report
[[ ! -e none/camp/report.html ]] || fail '--no-report leaves an old page'

# nothing breaks, and nothing was declared; a sweep; a violation, and the command that shows it
printf 'format: 1\nname: quiet\nsystem: at-least-once\nworkload: {messages: 50}\n' >quiet.yaml
status 0 run quiet.yaml --out others
says others/quiet/report.html 'The scenario declares none' 'None: in every run each operation took effect once'
sed 's/name: camp/name: swept/; /never/d; /^expect/,$d' camp.yaml >swept.yaml
status 0 run swept.yaml --out others --vary links/default/loss=0%,3% --vary workload/rate=300/s,500/s --seeds 2
says others/swept/report.html '>links/default/loss</th>' '>points swept</dt>' \
  'dgsim run swept.yaml --vary links/default/loss=0%,3% --vary workload/rate=300/s,500/s --seeds 2'
sed 's/name: camp/name: broken/; /never/d; s/lost: some/lost: none/' camp.yaml >broken.yaml
status 1 run broken.yaml --out others
says others/broken/report.html '<span class="violated">' 'broken.yaml:1' 'The violation alone:' 'dgsim run broken.yaml --seed 1'
# more rows than fit: folded
{
  printf 'format: 1\nname: many\nmeasure_capacity: false\nworkload: {messages: 20}\ncompare:\n'
  for row in {1..60}; do echo "  - {label: row $row, system: at-least-once}"; done
} >many.yaml
status 0 run many.yaml --out others --no-charts
says others/many/report.html '<summary>Each guarantee at each point: 60 lines</summary>' '>row 60</th>'

# the command of a story tells the same story
command=$(grep -o '<code>dgsim explain \. [0-9][^<]*' "$report" | head -n 1 | sed 's/<code>dgsim //; s/&#39;//g')
operation=$(grep -o '[0-9]*' <<<"$command" | head -n 1)
# shellcheck disable=SC2086 # words of a command
(cd one/camp && "$dgsim" $command >../../out 2>../../err) || fail "dgsim $command"
says out "verdict: operation $operation: "
says "$report" "$(sed -n 's/^verdict: //p' out)"

well_formed one/camp/report.html others/*/report.html fake/camp/report.html
((failures == 0)) && echo 'all good'
exit $((failures > 0))
