load 'style.gp'
set output 'systems.svg'
set title 'What each system costs: messages a second of one core'
stats '../system-rates.csv' using 'none' nooutput
ROWS = STATS_records
stats '../system-rates.csv' using 'some' nooutput name 'S'
CEILING = STATS_max > S_max ? STATS_max : S_max
set terminal svg size 900,150 + 42 * ROWS noenhanced font 'sans-serif,13' background rgb 'white'
set xlabel 'messages a second'
set xrange [0:CEILING * 1.15]
set yrange [ROWS - 0.4:-0.6]
set format x '%.1s%c'
set grid x ls 100
set ytics scale 0
set lmargin 22
set rmargin 4
set style fill solid 1 noborder
set key outside top right horizontal samplen 2
plot '../system-rates.csv' using 'none':0:(0):'none':($0 - 0.32):($0):ytic(1) with boxxyerror lc rgb '#0072B2' title 'no faults', \
     '' using 'some':0:(0):'some':($0):($0 + 0.32) with boxxyerror lc rgb '#D55E00' title 'faults', \
     '' using 'none':($0 - 0.16):(number(column('none'))) with labels left offset 0.7,0 notitle, \
     '' using 'some':($0 + 0.16):(number(column('some'))) with labels left offset 0.7,0 notitle
