# What the charts share. Colours: Okabe and Ito's palette; lines differ in their dashes too.
set terminal svg size 900,480 noenhanced font 'sans-serif,13' background rgb 'white'
set encoding utf8
set datafile separator comma
set datafile columnheaders
set linetype 1 lc rgb '#0072B2' lw 2.2 dt 1 pt 7
set linetype 2 lc rgb '#D55E00' lw 2.2 dt 2 pt 5
set linetype 3 lc rgb '#009E73' lw 2.2 dt 4 pt 9
set linetype 4 lc rgb '#CC79A7' lw 2.2 dt 3 pt 11
set linetype 5 lc rgb '#E69F00' lw 2.2 dt 5 pt 13
set style line 100 lc rgb '#d8d8d8' lw 1 dt 1
set style line 101 lc rgb '#606060' lw 1.3 dt (6,4)
set border 3 lc rgb '#606060'
set tics nomirror out
set title font ',15'
is(name) = strcol('label') eq name
number(x) = x >= 1e6 ? sprintf('%.2f M', x / 1e6) : x >= 1e3 ? sprintf('%.0f k', x / 1e3) : sprintf('%.0f', x)
