load 'style.gp'
set output 'memory.svg'
set title 'Memory against messages'
stats '../memory.csv' using 'messages' nooutput
set xrange [STATS_min / 2:STATS_max * 2]
set logscale x
set xlabel 'messages of one run'
set ylabel 'most that was resident, MiB'
set yrange [0:70<*]
set xtics ('10^4' 1e4, '10^5' 1e5, '10^6' 1e6, '10^7' 1e7, '10^8' 1e8, '10^9' 1e9)
set grid x y ls 100
set key outside right center samplen 3
plot '../memory.csv' using 'messages':(column('rss_kib') / 1024) with linespoints lt 1 title 'at-least-once', \
     64 with lines ls 101 title '64 MiB'
