/* The constant part of the charts' gnuplot scripts; what comes before it is in charts.h.
 *
 * Variables that the scripts find set: NAME, SUBTITLE (texts), ROWS, LABEL[] (as in the CSV files),
 * TIC[] (wrapped), MARGIN (room for the tics, characters), KEY_COLUMNS, KEY_LINES, HEIGHT, SEED (the
 * first, as text) and each chart's own, see charts.c.
 */
#ifndef SIM_RUNNER_CHART_SCRIPTS_H
#define SIM_RUNNER_CHART_SCRIPTS_H

extern const char *const chart_script_common, *const chart_script_loss, *const chart_script_capacity,
    *const chart_script_timeline, *const chart_script_latency, *const chart_script_sweep_lines,
    *const chart_script_sweep_map;

#endif
