#!/usr/bin/env bash
# report.html in a headless Chromium: tests/cli/report/in_browser.py. Skipped where there is no Chromium, Python or gnuplot.
#   tests/cli/test_report_browser.sh PATH/TO/dgsim
set -uo pipefail
dgsim=$(realpath "${1:?the dgsim binary}")
here=$(realpath "$(dirname "$0")/report")
for program in chromium python3 gnuplot; do
  if ! command -v $program >/dev/null; then
    echo "skipped: no $program here (scripts/install.sh run test)"
    exit 77
  fi
done
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

cat >camp.yaml <<'YAML'
format: 1
name: camp
about: one partition, and crashes
seeds: 3
measure_capacity: false
workload: {messages: 1000, rate: 500/s, keys: 5}
compare: [at-most-once, at-least-once, {label: a label that is longer than any column of a phone is wide, system: exactly-once}]
faults:
  - {name: cut, at: 500ms, for: 500ms, partition: consumer.1}
  - {name: crash, every: 300ms, until: 2s, for: 200ms, kill: consumer.any}
  - {name: never, when: handled, intent: 1, attempt: 50, kill: this}
expect: [{row: at-most-once, lost: none}]
YAML
sed 's/name: camp/name: swept/; /^expect/d' camp.yaml >swept.yaml
"$dgsim" run camp.yaml --out out >/dev/null
(($? == 1)) || fail 'camp.yaml: not violated'
"$dgsim" run swept.yaml --out out --vary links/default/loss=0%,3% --vary workload/rate=300/s,500/s --seeds 1 >/dev/null
(($? == 2)) || fail 'swept.yaml: not inconclusive'
PYTHONDONTWRITEBYTECODE=1 python3 "$here/in_browser.py" "$(command -v chromium)" out/camp/report.html out/swept/report.html >said ||
  fail "the pages are not as they have to be"
cat said
(($(sed -n 's/ pictures$//p' said) >= 8)) || fail 'there are fewer pictures than were drawn'

# And what is wrong is noticed.
sed -e 's/--soft: #[0-9a-f]*/--soft: #bbbbbb/' -e 's/href="#main"/href="#nowhere"/' -e "s/default-src 'none'/script-src 'none'/" \
  -e 's|<footer>|<img src="http://example.org/x.png" /><p style="width: 2000px">wide</p><figure><svg viewBox="0 0 9 9" width="9" height="9"></svg></figure>|; s|</footer>||' \
  out/camp/report.html >wrong.html
if PYTHONDONTWRITEBYTECODE=1 python3 "$here/in_browser.py" "$(command -v chromium)" wrong.html >said; then fail 'a page that is wrong is none'; fi
for wrong in 'to 1 from what is behind it' '#nowhere leads nowhere' 'it loads http://example.org' ' wide, in 360' 'a picture of '; do
  grep -qF -e "$wrong" said || fail "not noticed: '$wrong'"
done
((failures == 0)) && echo 'all good'
exit $((failures > 0))
