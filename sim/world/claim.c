#include "sim/world/claim.h"

#include <stdbool.h>

_Static_assert(ANOMALY__COUNT <= 32, "a set of anomalies has 32 bits");

const char *const anomaly_names[ANOMALY__COUNT] = {
#define X(id, name, about) [ANOMALY_##id] = name,
    ANOMALIES(X)
#undef X
};
const char *const anomaly_abouts[ANOMALY__COUNT] = {
#define X(id, name, about) [ANOMALY_##id] = about,
    ANOMALIES(X)
#undef X
};

uint32_t claim_allowed(uint32_t allows, uint32_t forbids) {
  uint32_t allowed = allows & ~forbids;
  bool loses = allowed & (CLAIM_BIT(LOST_ACKED) | CLAIM_BIT(LOST_UNACKED));
  if (loses) allowed |= allows & CLAIM_BIT(STATE_ERRORS);
  /* What comes late, or again, may come over what is newer. */
  bool late = allowed & (CLAIM_BIT(REORDERED) | CLAIM_BIT(REEXECUTIONS));
  return late ? allowed | CLAIM_BIT(STALE_OVERWRITES) : allowed;
}
