#include "sim/runner/explain_diagram.h"

#include "sim/base/assert.h"
#include "sim/runner/explain_layout.h"
#include "sim/runner/explain_svg.h"
#include "sim/runner/human.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BADGE 9.0 /* radius */
#define BAND 26.0 /* half its width */
#define BAR 6.0

struct drawing {
  const struct story *story;
  const struct explain_record *record;
  struct layout layout;
  bool used[LEGEND__COUNT]; /* what the legend has to explain */
  FILE *out;
};

/* --- Bands and bars, behind everything --- */

static const struct {
  const char *class;
  double half; /* its width */
} band_rows[LEGEND__COUNT] = {[LEGEND_HANDLER] = {"bar", BAR}, [LEGEND_DOWN] = {"down", BAND},
                              [LEGEND_PAUSED] = {"paused", BAND}, [LEGEND_CUT] = {"cut", BAND}};

/* From one happening's line to another's, as far as they are in the picture. */
static void band(struct drawing *drawing, uint16_t node, size_t from, size_t until, enum legend_id what) {
  const struct layout *layout = &drawing->layout;
  if (layout->x[node] < 0 || until < drawing->record->first) return;
  const double top = from < drawing->record->first ? LAYOUT_TOP + 6 : layout_line_from(layout, from);
  const double bottom = until < drawing->record->end ? layout_line_from(layout, until) : layout->height;
  if (bottom <= top) return;
  drawing->used[what] = true;
  fprintf(drawing->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n",
          layout->x[node] - band_rows[what].half, top, 2 * band_rows[what].half, bottom - top,
          band_rows[what].class);
}

static bool in_set(const uint8_t *set, size_t node) { return set[node / 8] >> (node % 8) & 1; }

static void put_bands(struct drawing *drawing) {
  const struct explain_record *record = drawing->record;
  for (size_t i = 0; i < record->end; i++) {
    const struct happening *happening = &record->items[i];
    if (happening->kind == HAPPENING_NODE && happening->what == NODE_CHANGE_DOWN)
      band(drawing, happening->node, i, explain_record_closed_by(record, i), LEGEND_DOWN);
    if (happening->kind == HAPPENING_NODE && happening->what == NODE_CHANGE_PAUSED)
      band(drawing, happening->node, i, explain_record_closed_by(record, i), LEGEND_PAUSED);
    if (happening->kind != HAPPENING_FAULT || !happening->what ||
        record->plan->faults[happening->fault].verb != VERB_PARTITION)
      continue;
    for (uint16_t node = 0; node < record->node_count; node++)
      if (in_set(happening->targets, node))
        band(drawing, node, i, explain_record_closed_by(record, i), LEGEND_CUT);
  }
}

static void put_bars(struct drawing *drawing) {
  const struct explain_record *record = drawing->record;
  for (size_t i = record->first; i < record->end; i++) {
    const struct happening *happening = &record->items[i];
    if (happening->kind != HAPPENING_FACT || happening->what != FACT_DELIVERED || !happening->own) continue;
    band(drawing, happening->node, i, explain_record_closed_by(record, i), LEGEND_HANDLER);
  }
}

/* --- Lanes and time --- */

static void put_lanes(struct drawing *drawing) {
  const struct layout *layout = &drawing->layout;
  drawing->used[LEGEND_BREAK] = layout->wait_count > 0;
  for (size_t i = 0; i < drawing->record->node_count; i++) {
    if (layout->x[i] < 0) continue;
    fprintf(drawing->out, "<path d=\"M%.1f %d", layout->x[i], LAYOUT_TOP);
    for (size_t w = 0; w < layout->wait_count; w++)
      fprintf(drawing->out, "V%.1fM%.1f %.1f", layout->waits[w].y - 4, layout->x[i],
              layout->waits[w].y + 4);
    fprintf(drawing->out, "V%.1f\" class=\"lane\"/>\n", layout->height);
    for (size_t w = 0; w < layout->wait_count; w++)
      for (int side = -1; side <= 1; side += 2)
        fprintf(drawing->out, "<path d=\"M%.1f %.1fl14 -6\" class=\"break\"/>\n", layout->x[i] - 7,
                layout->waits[w].y + 3 + 4 * side);
    svg_text(drawing->out, layout->x[i], LAYOUT_TOP - 10, "node", drawing->record->nodes[i].name);
  }
}

static void put_times(const struct drawing *drawing) {
  const struct explain_record *record = drawing->record;
  const struct layout *layout = &drawing->layout;
  char text[64], human[HUMAN_MAX];
  int64_t last = -1;
  for (size_t i = record->first; i < record->end; i++) {
    const int64_t us = (record->items[i].at - record->items[record->first].at) / NS_PER_US;
    if (layout->y[i] < 0 || us == last) continue;
    snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64 " s", us / 1000000, us % 1000000);
    svg_text(drawing->out, LAYOUT_LEFT - 52, layout->y[i] + 4, "time", text);
    last = us;
  }
  for (size_t w = 0; w < layout->wait_count; w++) {
    human_time((double)layout->waits[w].lasts, human, sizeof human);
    snprintf(text, sizeof text, "%s later", human);
    svg_text(drawing->out, LAYOUT_LEFT - 52, layout->waits[w].y + 4, "time", text);
    if (layout->waits[w].left_out == 0) continue;
    snprintf(text, sizeof text, "%zu lines left out: the text has them", layout->waits[w].left_out);
    svg_label(drawing->out, layout->width / 2, layout->waits[w].y + 4, "middle loss", text);
  }
}

/* --- Messages --- */

/* Where a lost message ends: half-way, or nearer to its receiver when it was on its way for a while. */
static double cross_at(const struct transmission *sent, double from, double to) {
  return from + (to - from) * (sent->end_at > sent->sent_at ? 0.62 : 0.5);
}

static void put_cross(const struct drawing *drawing, double x, double y) {
  fprintf(drawing->out, "<path d=\"M%.1f %.1fl12 12m0 -12l-12 12\" class=\"cross\"/>\n", x - 6, y - 6);
}

static void put_arrow(struct drawing *drawing, size_t index) {
  const struct layout *layout = &drawing->layout;
  const struct transmission *sent = &drawing->record->transmissions[index];
  const struct layout_way *way = &layout->ways[index];
  const double from = layout->x[sent->from], to = layout->x[sent->to];
  if (way->sent < 0 || from < 0 || to < 0) return;
  const bool lost = sent->fate == FATE_LOST;
  const double side = to > from ? 1 : -1;
  const double begin = from + side * (way->sent_step ? BADGE : 1);
  const double end = lost ? cross_at(sent, from, to) : to - side * (way->ended_step ? BADGE + 1 : 1);
  const double bottom = way->ended > 0 ? way->ended : layout->height - 8;
  fprintf(drawing->out, "<path d=\"M%.1f %.1fL%.1f %.1f\" class=\"arrow%s%s\"/>\n", begin, way->sent,
          end, bottom, sent->is_reply ? " reply" : "", lost ? " gone" : "");
  if (lost) put_cross(drawing, end, bottom);
  drawing->used[sent->is_reply ? LEGEND_ANSWER : LEGEND_REQUEST] = true;
  drawing->used[LEGEND_LOST] |= lost;
}

static void put_arrow_label(const struct drawing *drawing, size_t index) {
  const struct layout *layout = &drawing->layout;
  const struct transmission *sent = &drawing->record->transmissions[index];
  const double from = layout->x[sent->from], to = layout->x[sent->to];
  char text[96];
  if (layout->ways[index].sent < 0 || from < 0 || to < 0) return;
  if (sent->others > 0)
    snprintf(text, sizeof text, "%s (+%u)", sent->name, sent->others);
  else
    snprintf(text, sizeof text, "%s", sent->name);
  const double side = to > from ? 1 : -1;
  svg_label(drawing->out, from + side * (BADGE + 7), layout->ways[index].sent - 4,
           side > 0 ? "message" : "message left", text);
}

/* --- Steps --- */

static const struct {
  const char *circle, *number; /* classes */
} step_rows[LEGEND__COUNT] = {[LEGEND_STEP] = {"step", "number"},
                              [LEGEND_EFFECT] = {"step effect", "number on"},
                              [LEGEND_EFFECT_AGAIN] = {"step again", "number on"}};

/* How a step looks; `effects`: so far. */
static enum legend_id step_look(const struct happening *happening, uint32_t *effects) {
  if (happening->kind != HAPPENING_FACT || happening->what != FACT_EFFECT) return LEGEND_STEP;
  return ++*effects == 1 ? LEGEND_EFFECT : LEGEND_EFFECT_AGAIN;
}

static void put_step(struct drawing *drawing, size_t number, uint32_t *effects) {
  const struct step *step = &drawing->story->steps[number - 1];
  const struct happening *happening = &drawing->record->items[step->happening];
  const struct layout *layout = &drawing->layout;
  const enum legend_id look = step_look(happening, effects);
  const double y = layout->y[step->happening];
  double x = layout->x[step->node];
  char text[24];
  if (x < 0 || y < 0) return;
  if (happening->kind == HAPPENING_LOST) {
    const double from = x, to = layout->x[happening->peer];
    x = cross_at(&drawing->record->transmissions[happening->transmission], from, to);
    svg_label(drawing->out, x, y + 21, "middle loss", step->brief);
    x += to > from ? 20 : -20;
  } else if (step->brief[0]) {
    const bool beside_band = happening->kind == HAPPENING_NODE || happening->kind == HAPPENING_FAULT;
    svg_label(drawing->out, x + (beside_band ? BAND : BADGE) + 6, y + 4, "note", step->brief);
  }
  fprintf(drawing->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, BADGE,
          step_rows[look].circle);
  snprintf(text, sizeof text, "%zu", number);
  svg_text(drawing->out, x, y + 3.6, step_rows[look].number, text);
  drawing->used[look] = true;
}

/* --- Around it --- */

static double put_legend(const struct drawing *drawing, double y) {
  double x = 24;
  for (size_t i = 0; i < LEGEND__COUNT; i++) {
    if (!drawing->used[i]) continue;
    const double width = 62 + SVG_TEXT_WIDTH * (double)strlen(svg_legend[i].text);
    if (x + width > drawing->layout.width) x = 24, y += 30;
    fprintf(drawing->out, "<g transform=\"translate(%.1f %.1f)\">%s</g>\n", x, y - 14, svg_legend[i].shape);
    svg_text(drawing->out, x + 46, y, "note", svg_legend[i].text);
    x += width;
  }
  return y + 30;
}

/* A text in lines as wide as the picture; returns the y behind it. */
static double put_paragraph(const struct drawing *drawing, double y, const char *class, const char *text) {
  const size_t most = (size_t)((drawing->layout.width - 48) / SVG_TEXT_WIDTH);
  char line[512];
  while (*text) {
    size_t length = strlen(text);
    if (length > most)
      for (length = most; length > 1 && text[length] != ' '; length--) {}
    if (length >= sizeof line) length = sizeof line - 1;
    snprintf(line, sizeof line, "%.*s", (int)length, text);
    svg_text(drawing->out, 24, y, class, line);
    text += length;
    while (*text == ' ') text++;
    y += 18;
  }
  return y;
}

/* Everything but the document around it; returns where it ends. */
static double put_body(struct drawing *drawing, const char *title) {
  const size_t transmissions = drawing->record->transmission_count;
  const size_t cut = strcspn(title, ":");
  uint32_t effects = 0;
  char head[256];
  snprintf(head, sizeof head, "%.*s", (int)cut, title);
  svg_text(drawing->out, 24, 34, "title", head);
  put_paragraph(drawing, 58, "note", title[cut] ? title + cut + 2 : "");
  put_bands(drawing);
  put_lanes(drawing);
  put_bars(drawing);
  put_times(drawing);
  for (size_t i = 0; i < transmissions; i++) put_arrow(drawing, i);
  for (size_t i = 0; i < transmissions; i++) put_arrow_label(drawing, i);
  for (size_t i = 1; i <= drawing->story->count; i++) put_step(drawing, i, &effects);
  const double y = put_legend(drawing, drawing->layout.height + 40);
  return put_paragraph(drawing, y + 8, "note", drawing->story->verdict);
}

/* What is in the document, and its size. malloc'ed. */
static char *draw(const struct story *story, const char *title, size_t *out_size, double *out_width, double *out_height) {
  struct drawing drawing = {.story = story, .record = story->record};
  char *body = NULL;
  layout_make(story, &drawing.layout);
  if (drawing.layout.width < 700) drawing.layout.width = 700;
  drawing.out = open_memstream(&body, out_size); /* its height is known when it is drawn */
  ASSERT(drawing.out);
  *out_height = put_body(&drawing, title) + 6;
  *out_width = drawing.layout.width;
  fclose(drawing.out);
  layout_free(&drawing.layout);
  return body;
}

void diagram_write(const struct story *story, const char *title, FILE *out) {
  size_t size = 0;
  double width, height;
  char *body = draw(story, title, &size, &width, &height);
  fprintf(out,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
          "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<style>\n",
          width, height, width, height);
  svg_rules(out, "");
  fputs("</style>\n", out);
  svg_definitions(out);
  fputs("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", out);
  fwrite(body, 1, size, out);
  fputs("</svg>\n", out);
  free(body);
}

void diagram_write_part(const struct story *story, const char *title, const char *attributes, FILE *out) {
  size_t size = 0;
  double width, height;
  char *body = draw(story, title, &size, &width, &height);
  fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" %s>\n<title>", width,
          height, width, attributes);
  svg_escaped(out, title);
  fputs("</title>\n", out);
  fwrite(body, 1, size, out);
  fputs("</svg>\n", out);
  free(body);
}
