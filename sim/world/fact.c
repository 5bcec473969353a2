#include "sim/world/fact.h"

static const char *const event_names[TRACE_EVENT__COUNT] = {
#define X(id, name, detail, value) [TRACE_##id] = name,
    TRACE_EVENTS(X)
#undef X
};

static const char *const fact_names[FACT__END - TRACE_FACT] = {
#define X(id, name, judged, value, detail) [FACT_##id - TRACE_FACT] = name,
    FACTS(X)
#undef X
};

_Static_assert(TRACE_EVENT__COUNT <= TRACE_FACT, "kinds of events end where facts begin");
_Static_assert(FACT__END <= UINT16_MAX, "a record's kind has 16 bits");

const char *trace_kind_name(unsigned kind) {
  if (kind < TRACE_EVENT__COUNT) return event_names[kind];
  if (kind >= TRACE_FACT && kind < FACT__END) return fact_names[kind - TRACE_FACT];
  return NULL;
}
