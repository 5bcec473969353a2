load 'style.gp'
set output 'hold.svg'
set title 'Hold model: what an event costs'
set logscale xy
set xlabel 'pending events'
set ylabel 'ns an event'
set xrange [7:1.5e6]
set yrange [10:2e4]
set xtics ('10' 10, '100' 100, '1000' 1e3, '10^4' 1e4, '10^5' 1e5, '10^6' 1e6)
set grid x y ls 100
set key outside right center samplen 3
array NAME[5] = ['dgsim', 'bare loop', 'ns-3', 'SimPy', 'SimGrid']
plot for [i=1:5] '../hold.csv' using (is(NAME[i]) ? column('pending') : NaN):(column('ns')) \
       with linespoints lt i title NAME[i]
