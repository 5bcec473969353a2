#include "sim/runner/explain_layout.h"

#include "sim/base/assert.h"

#include <math.h>
#include <stdlib.h>

#define LINE 25.0
#define LINE_MORE 22.0 /* most that time adds without a break */
#define LINE_BREAK 66.0
#define LINE_ARRIVAL 15.0 /* before what follows an arrival at once: it has no label */
#define LINE_LOST 16.0    /* the label below a cross */

static double *numbers(size_t count) {
  double *items = malloc((count ? count : 1) * sizeof *items);
  ASSERT(items);
  for (size_t i = 0; i < count; i++) items[i] = LAYOUT_NONE;
  return items;
}

static void place_lanes(struct layout *layout) {
  const struct explain_record *record = layout->story->record;
  double x = LAYOUT_LEFT;
  for (size_t i = 0; i < record->node_count; i++) {
    if (!layout->story->involved[i]) continue;
    layout->x[i] = x;
    x += LAYOUT_LANE;
  }
  layout->width = x - LAYOUT_LANE + LAYOUT_RIGHT;
}

static bool has_line(const struct story *story, size_t index) {
  return story->record->items[index].transmission != NO_TRANSMISSION || story_step_of(story, index) > 0;
}

static size_t count_lines(const struct story *story) {
  size_t count = 0;
  for (size_t i = story->record->first; i < story->record->end; i++) count += has_line(story, i);
  return count;
}

/* `left_out`: lines between the two. */
static double distance(struct layout *layout, double y, const struct happening *before,
                       const struct happening *happening, size_t left_out) {
  const int64_t passed = happening->at - before->at;
  if (passed >= LAYOUT_WAIT_NS || left_out) {
    layout->waits[layout->wait_count++] = (struct wait){y + LINE_BREAK / 2, passed, left_out};
    return LINE_BREAK;
  }
  const bool lost = before->kind == HAPPENING_LOST;
  if (before->kind == HAPPENING_ARRIVED && passed == 0 && happening->node == before->node)
    return LINE_ARRIVAL + 5;
  const double more = 4 * log2(1 + (double)passed / (double)(100 * NS_PER_US));
  return LINE + (more < LINE_MORE ? more : LINE_MORE) + (lost ? LINE_LOST : 0);
}

/* What ends where lines are left out, ends in their break; what begins there is not drawn. */
static void note_way_left_out(struct layout *layout, size_t index, double y) {
  const struct happening *happening = &layout->story->record->items[index];
  if (happening->transmission == NO_TRANSMISSION || happening->kind == HAPPENING_SENT) return;
  layout->ways[happening->transmission].ended = y + LINE_BREAK / 2;
}

static void note_way(struct layout *layout, size_t index, double y) {
  const struct happening *happening = &layout->story->record->items[index];
  if (happening->transmission == NO_TRANSMISSION) return;
  struct layout_way *way = &layout->ways[happening->transmission];
  const bool step = story_step_of(layout->story, index) > 0;
  if (happening->kind == HAPPENING_SENT)
    way->sent = y, way->sent_step = step;
  else
    way->ended = y, way->ended_step = step;
}

static void place_lines(struct layout *layout) {
  const struct explain_record *record = layout->story->record;
  const struct happening *before = NULL;
  const size_t lines = count_lines(layout->story);
  const size_t left_out = lines > LAYOUT_LINES_MAX ? lines - LAYOUT_LINES_MAX : 0;
  size_t line = 0;
  double y = LAYOUT_TOP + 24;
  for (size_t i = record->first; i < record->end; i++) {
    const struct happening *happening = &record->items[i];
    if (!has_line(layout->story, i)) continue;
    line++;
    if (left_out && line > LAYOUT_LINES_MAX / 2 && line <= LAYOUT_LINES_MAX / 2 + left_out) {
      note_way_left_out(layout, i, y);
      continue;
    }
    const bool behind = line == LAYOUT_LINES_MAX / 2 + left_out + 1;
    if (before) y += distance(layout, y, before, happening, behind ? left_out : 0);
    layout->y[i] = y;
    note_way(layout, i, y);
    before = happening;
  }
  layout->height = y + 34;
  for (size_t i = record->end; i-- > 0;) {
    const double behind = i + 1 < record->end ? layout->y_from[i + 1] : layout->height;
    layout->y_from[i] = layout->y[i] > 0 ? layout->y[i] : behind;
  }
}

void layout_make(const struct story *story, struct layout *out) {
  const struct explain_record *record = story->record;
  *out = (struct layout){.story = story,
                         .x = numbers(record->node_count),
                         .y = numbers(record->end),
                         .y_from = numbers(record->end)};
  out->waits = calloc(record->end + 1, sizeof *out->waits);
  out->ways = calloc(record->transmission_count + 1, sizeof *out->ways);
  ASSERT(out->waits && out->ways);
  for (size_t i = 0; i < record->transmission_count; i++)
    out->ways[i].sent = out->ways[i].ended = LAYOUT_NONE;
  place_lanes(out);
  place_lines(out);
}

void layout_free(struct layout *layout) {
  free(layout->x);
  free(layout->y);
  free(layout->y_from);
  free(layout->ways);
  free(layout->waits);
  *layout = (struct layout){0};
}

double layout_line_from(const struct layout *layout, size_t happening) {
  if (happening < layout->story->record->end) return layout->y_from[happening];
  return layout->height;
}
