#include "sim/world/content.h"

#include "sim/base/assert.h"
#include "sim/world/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const variant_names[VARIANT__COUNT] = {
#define X(id, name) [VARIANT_##id] = name,
    VARIANTS(X)
#undef X
};

#define NUMBER_ROOM 20 /* digits of a number that is filled in */

struct content content_of(const struct plan *plan, uint64_t intent, uint64_t key) {
  const struct content_plan *rules = &plan->content;
  struct content content = {intent, 1, key, (int64_t)(intent % 1000000) * CONTENT_AMOUNT};
  if (intent != rules->second) return content;
  const int64_t first = (int64_t)(rules->first % 1000000) * CONTENT_AMOUNT;
  switch (rules->variant) {
  case VARIANT_TWINS: content.amount = first; break;
  case VARIANT_OTHER_TENANT: content.id = rules->first, content.tenant = 2; break;
  case VARIANT_CHANGED_PAYLOAD: content.id = rules->first; break;
  case VARIANT_POISON:
  case VARIANT_NONE:
  case VARIANT__COUNT: break;
  }
  return content;
}

bool content_wanted(const struct plan *plan, uint64_t intent) {
  const struct content_plan *rules = &plan->content;
  if (intent != rules->second) return true;
  return rules->variant != VARIANT_CHANGED_PAYLOAD && rules->variant != VARIANT_POISON;
}

static const char *template_of(const struct plan *plan) {
  return plan->content.body ? plan->content.body : CONTENT_BODY;
}

/* The value that a template's word stands for; false: it is no such word. */
static bool word_value(const char *word, size_t length, uint64_t intent, const struct content *content,
                       int64_t *out) {
  const struct {
    const char *name;
    int64_t value;
  } words[] = {{"intent", (int64_t)intent}, {"id", (int64_t)content->id}, {"account", (int64_t)content->account},
               {"key", (int64_t)content->account}, {"amount", content->amount},
               {"tenant", (int64_t)content->tenant}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i].name) != length || memcmp(words[i].name, word, length) != 0) continue;
    *out = words[i].value;
    return true;
  }
  return false;
}

size_t content_body_room(const struct plan *plan) {
  size_t room = 1;
  for (const char *at = template_of(plan); *at; at++) room += *at == '{' ? NUMBER_ROOM + 1 : 1;
  return room;
}

/* What cannot be read: the text, cut off in its middle. */
size_t content_body(const struct plan *plan, uint64_t intent, const struct content *content, char *out) {
  size_t length = 0;
  for (const char *at = template_of(plan); *at;) {
    int64_t value;
    const char *end = *at == '{' ? strchr(at, '}') : NULL;
    if (end && word_value(at + 1, (size_t)(end - at - 1), intent, content, &value)) {
      length += (size_t)snprintf(out + length, NUMBER_ROOM + 1, "%" PRId64, value);
      at = end + 1;
    } else {
      out[length++] = *at++;
    }
  }
  if (plan->content.variant == VARIANT_POISON && intent == plan->content.second) length /= 2;
  out[length] = '\0';
  return length;
}
