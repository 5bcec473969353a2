#include "sim/cli/record.h"

#include "sim/world/fact.h"

#include <inttypes.h>
#include <string.h>

/* What the two numbers of a record mean, by kind; "" = nothing. */
struct meaning {
  const char *value, *detail;
};
static const struct meaning event_meanings[TRACE_EVENT__COUNT] = {
#define X(id, name, detail, value) [TRACE_##id] = {value, detail},
    TRACE_EVENTS(X)
#undef X
};
static const struct meaning fact_meanings[FACT__END - TRACE_FACT] = {
#define X(id, name, judged, value, detail) [FACT_##id - TRACE_FACT] = {value, detail},
    FACTS(X)
#undef X
};

#define PACKED "message kind << 16 | "

static void put_number(const char *meaning, uint64_t number, FILE *out) {
  if (strncmp(meaning, PACKED, strlen(PACKED)) == 0)
    fprintf(out, ", message kind %" PRIu64 ", %s %" PRIu64, number >> 16, meaning + strlen(PACKED),
            number & 0xffff);
  else if (meaning[0] != '\0') /* up to the place where the number is explained */
    fprintf(out, ", %.*s %" PRIu64, (int)strcspn(meaning, "("), meaning, number);
  else if (number != 0)
    fprintf(out, ", %" PRIu64, number);
}

void record_print(const struct trace_record *record, uint64_t number, FILE *out) {
  const char *name = trace_kind_name(record->kind);
  struct meaning meaning = {"value", "detail"};
  if (record->kind < TRACE_EVENT__COUNT)
    meaning = event_meanings[record->kind];
  else if (record->kind >= TRACE_FACT && record->kind < FACT__END)
    meaning = fact_meanings[record->kind - TRACE_FACT];
  fprintf(out, "  #%" PRIu64 "  at %" PRId64 ".%09" PRId64 " s  node %u  ", number,
          record->at / 1000000000, record->at % 1000000000, record->node);
  if (name)
    fputs(name, out);
  else
    fprintf(out, "kind %u (unknown)", record->kind);
  if (record->intent != 0) fprintf(out, "  operation %" PRIu64, record->intent);
  put_number(meaning.value, record->value, out);
  put_number(meaning.detail, record->detail, out);
  fputc('\n', out);
}
