#include "sim/runner/explain_shiviz.h"

#include "sim/base/assert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Clocks: one of node_count components a node, and one a transmission, as it was when it was sent. */
struct clocks {
  const struct story *story;
  size_t width;
  uint32_t *nodes, *transmissions;
};

static uint32_t *clock_at(uint32_t *clocks, size_t width, size_t index) { return clocks + width * index; }

static void join(uint32_t *into, const uint32_t *from, size_t width) {
  for (size_t i = 0; i < width; i++)
    if (into[i] < from[i]) into[i] = from[i];
}

static void put_clock(const struct clocks *clocks, const uint32_t *clock, FILE *out) {
  const char *before = "";
  fputc('{', out);
  for (size_t i = 0; i < clocks->width; i++) {
    if (clock[i] == 0) continue;
    fprintf(out, "%s\"%s\": %" PRIu32, before, clocks->story->record->nodes[i].name, clock[i]);
    before = ", ";
  }
  fputc('}', out);
}

static void put_event(const struct clocks *clocks, size_t index, FILE *out) {
  const struct explain_record *record = clocks->story->record;
  const struct happening *happening = &record->items[index];
  const size_t number = story_step_of(clocks->story, index);
  if (number > 0) {
    const struct step *step = &clocks->story->steps[number - 1];
    fprintf(out, "%zu. %s%s%s\n", number, step->what, step->why[0] ? ", because: " : "", step->why);
    return;
  }
  const struct transmission *transmission = &record->transmissions[happening->transmission];
  if (happening->kind == HAPPENING_SENT)
    fprintf(out, "sends %s to %s\n", transmission->name, record->nodes[happening->peer].name);
  else
    fprintf(out, "receives %s from %s\n", transmission->name, record->nodes[happening->peer].name);
}

static void put_happening(struct clocks *clocks, size_t index, FILE *out) {
  const struct explain_record *record = clocks->story->record;
  const struct happening *happening = &record->items[index];
  const size_t number = story_step_of(clocks->story, index);
  const bool travels = happening->transmission != NO_TRANSMISSION;
  if (number == 0 && (!travels || happening->kind == HAPPENING_LOST)) return;
  const uint16_t node = number > 0 ? clocks->story->steps[number - 1].node : happening->node;
  uint32_t *clock = clock_at(clocks->nodes, clocks->width, node);
  if (happening->kind == HAPPENING_ARRIVED && travels)
    join(clock, clock_at(clocks->transmissions, clocks->width, happening->transmission), clocks->width);
  clock[node]++;
  if (happening->kind == HAPPENING_SENT)
    memcpy(clock_at(clocks->transmissions, clocks->width, happening->transmission), clock,
           clocks->width * sizeof *clock);
  fprintf(out, "%s ", record->nodes[node].name);
  put_clock(clocks, clock, out);
  fputc('\n', out);
  put_event(clocks, index, out);
}

void shiviz_write(const struct story *story, FILE *out) {
  const struct explain_record *record = story->record;
  struct clocks clocks = {.story = story, .width = record->node_count};
  clocks.nodes = calloc(record->node_count * record->node_count, sizeof *clocks.nodes);
  clocks.transmissions =
      calloc((record->transmission_count + 1) * record->node_count, sizeof *clocks.transmissions);
  ASSERT(clocks.nodes && clocks.transmissions);
  fprintf(out, "%s\n\n", SHIVIZ_REGEX);
  for (size_t i = record->first; i < record->end; i++) put_happening(&clocks, i, out);
  free(clocks.nodes);
  free(clocks.transmissions);
}
