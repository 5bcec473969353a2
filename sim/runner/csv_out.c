#include "sim/runner/csv_out.h"

#include "sim/kernel/time.h"

#include <csv.h>
#include <inttypes.h>
#include <string.h>

void csv_out_init(struct csv_out *csv, FILE *file) { *csv = (struct csv_out){.file = file}; }

void csv_out_text(struct csv_out *csv, const char *text) {
  if (csv->in_row && fputc(',', csv->file) == EOF) csv->failed = true;
  if (csv_fwrite(csv->file, text, strlen(text)) != 0) csv->failed = true;
  csv->in_row = true;
}

void csv_out_integer(struct csv_out *csv, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  csv_out_text(csv, text);
}

void csv_out_unsigned(struct csv_out *csv, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, value);
  csv_out_text(csv, text);
}

void csv_out_real(struct csv_out *csv, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.6g", value + 0.0); /* + 0.0: no "-0" */
  csv_out_text(csv, text);
}

void csv_out_digest(struct csv_out *csv, uint64_t value) {
  char text[20];
  snprintf(text, sizeof text, "%016" PRIx64, value);
  csv_out_text(csv, text);
}

void csv_out_seconds(struct csv_out *csv, int64_t ns) {
  char text[40];
  int length = snprintf(text, sizeof text, "%s%" PRId64 ".%09" PRId64, ns < 0 ? "-" : "",
                        (ns < 0 ? -ns : ns) / NS_PER_S, (ns < 0 ? -ns : ns) % NS_PER_S);
  while (text[length - 1] == '0') text[--length] = '\0';
  if (text[length - 1] == '.') text[--length] = '\0';
  csv_out_text(csv, text);
}

void csv_out_end_row(struct csv_out *csv) {
  if (fputc('\n', csv->file) == EOF) csv->failed = true;
  csv->in_row = false;
}

void csv_out_header(struct csv_out *csv, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) csv_out_text(csv, names[i]);
  csv_out_end_row(csv);
}
