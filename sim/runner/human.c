#include "sim/runner/human.h"

#include "sim/kernel/time.h"

#include <math.h>
#include <string.h>

/* Three significant digits, whole numbers from 100 on. */
static void digits(double value, char *out, size_t size) {
  if (fabs(value) >= 99.95 || value == floor(value))
    snprintf(out, size, "%.0f", value);
  else
    snprintf(out, size, "%.3g", value);
}

static const struct {
  const char *name;
  double ns;
} time_units[] = {{"h", (double)NS_PER_H},   {"min", (double)NS_PER_MIN}, {"s", (double)NS_PER_S},
                  {"ms", (double)NS_PER_MS}, {"us", (double)NS_PER_US},   {"ns", 1}};

/* Seconds stay seconds up to ten minutes: people compare them better than minutes. */
static size_t time_unit(double ns) {
  const size_t last = sizeof time_units / sizeof *time_units - 1;
  size_t unit = 0;
  ns = fabs(ns);
  while (unit < last && ns < time_units[unit].ns * (unit < 2 ? 10 : 0.9995)) unit++;
  return unit;
}

void human_time(double ns, char *out, size_t size) {
  char number[HUMAN_MAX];
  const size_t unit = time_unit(ns);
  digits(ns / time_units[unit].ns, number, sizeof number);
  snprintf(out, size, "%s %s", number, time_units[unit].name);
}

void human_number(double value, char *out, size_t size) {
  if (fabs(value) >= 1e7)
    snprintf(out, size, "%.4gM", value / 1e6);
  else
    digits(value, out, size);
}

void human_value(enum metric_unit unit, double value, char *out, size_t size) {
  char number[HUMAN_MAX];
  switch (unit) {
  case UNIT_NS:
    human_time(value, out, size);
    return;
  case UNIT_RATE:
    human_number(value, number, sizeof number), snprintf(out, size, "%s/s", number);
    return;
  case UNIT_BYTES:
    human_number(value, number, sizeof number), snprintf(out, size, "%s B", number);
    return;
  case UNIT_COUNT:
    human_number(value, out, size);
    return;
  }
}

static void put_margin(double half, char *out, size_t size) {
  snprintf(out, size, half < 9.95 ? " ±%.2g" : " ±%.0f", half);
}

void human_estimate(enum metric_unit unit, struct estimate estimate, char *out, size_t size) {
  /* One unit for both numbers; columns of rates and bytes say theirs in the heading. */
  const size_t time = time_unit(estimate.mean);
  const double scale = unit == UNIT_NS ? time_units[time].ns : 1;
  char mean[HUMAN_MAX], margin[HUMAN_MAX] = "";
  human_number(estimate.mean / scale, mean, sizeof mean);
  const double half =
      (estimate.high - estimate.mean) / scale; /* the lower end may be clamped at 0 */
  if (half > 0) put_margin(half, margin, sizeof margin);
  snprintf(out, size, "%s%s%s%s", mean, margin, unit == UNIT_NS ? " " : "",
           unit == UNIT_NS ? time_units[time].name : "");
}

void human_difference(enum metric_unit unit, struct estimate difference, char *out, size_t size) {
  const double half = difference.high - difference.mean;
  const size_t time = time_unit(fabs(difference.mean) > half ? difference.mean : half);
  const bool in_time = unit == UNIT_NS && (difference.mean != 0 || half > 0);
  const double scale = in_time ? time_units[time].ns : 1, mean = difference.mean / scale;
  char number[HUMAN_MAX], margin[HUMAN_MAX] = "";
  /* No more digits than the interval leaves a meaning to. */
  if (half / scale >= 9.95)
    snprintf(number, sizeof number, "%+.0f", mean);
  else
    human_number(fabs(mean), number + 1, sizeof number - 1), number[0] = mean < 0 ? '-' : '+';
  if (mean == 0) snprintf(number, sizeof number, "0");
  if (half > 0) put_margin(half / scale, margin, sizeof margin);
  snprintf(out, size, "%s%s%s%s", number, margin, in_time ? " " : "", in_time ? time_units[time].name : "");
}

size_t human_width(const char *text) {
  size_t width = 0;
  for (; *text != '\0'; text++)
    if (((unsigned char)*text & 0xc0) != 0x80) width++;
  return width;
}

void human_pad(FILE *out, const char *text, size_t width, bool right) {
  const size_t have = human_width(text), gap = have < width ? width - have : 0;
  fprintf(out, "%*s%s%*s", right ? (int)gap : 0, "", text, right ? 0 : (int)gap, "");
}
