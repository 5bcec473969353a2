load 'style.gp'
set output 'memory.svg'
set title 'Memory against messages'
set logscale x
set xlabel 'messages of one run'
set ylabel 'most that was resident, MiB'
set yrange [0:70<*]
set xtics 10
unset mxtics
set format x '10^%T'
set grid x y ls 100
set key outside right center samplen 3
set offsets graph 0.05, graph 0.05
plot '../memory.csv' using 'messages':(column('rss_kib') / 1024) with linespoints lt 1 title 'at-least-once', \
     64 with lines ls 101 title '64 MiB'
