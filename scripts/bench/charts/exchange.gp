load 'style.gp'
set output 'exchange.svg'
set title 'The whole simulator: messages a second of one core'
stats '../rates.csv' using 'rate' nooutput
ROWS = STATS_records
CEILING = STATS_max
set terminal svg size 900,130 + 42 * ROWS noenhanced font 'sans-serif,13' background rgb 'white'
set xlabel 'messages a second'
set xrange [0:CEILING * 1.15]
set yrange [ROWS - 0.4:-0.6]
set format x '%.1s%c'
set grid x ls 100
set ytics scale 0
set lmargin 30
set rmargin 4
set style fill solid 1 noborder
unset key
plot '../rates.csv' using 'rate':0:(0):'rate':($0 - 0.3):($0 + 0.3):ytic(1) with boxxyerror lc rgb '#0072B2', \
     '' using 'rate':0:(number(column('rate'))) with labels left offset 0.7,0
