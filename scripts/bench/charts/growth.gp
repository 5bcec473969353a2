load 'style.gp'
set output 'growth.svg'
set title 'What an event costs as the simulated system grows, of what it costs at 10'
set logscale x
set xlabel 'pending events; consumers, producers, partitions, faults'
set ylabel 'cost of an event, relative'
set xrange [7:1.5e6]
set yrange [0:6.5<*]
set xtics ('10' 10, '100' 100, '1000' 1e3, '10^4' 1e4, '10^5' 1e5, '10^6' 1e6)
set grid x y ls 100
set key outside right center samplen 3
array NAME[5] = ['pending events', 'consumers', 'producers', 'partitions', 'faults']
plot for [i=1:5] '../growth-relative.csv' using (is(NAME[i]) ? column('number') : NaN):(column('relative')) \
       with linespoints lt i title NAME[i], \
     1 with lines ls 101 title 'N in all', \
     log10(x) with lines ls 101 dt (2,4) title 'N log N in all'
