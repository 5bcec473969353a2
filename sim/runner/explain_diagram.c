#include "sim/runner/explain_diagram.h"

#include "sim/base/assert.h"
#include "sim/runner/explain_layout.h"
#include "sim/runner/human.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Colours: Okabe and Ito's palette, which colour-blind readers can tell apart; shapes differ too. */
#define INK "#222222"
#define GREY "#6b6b6b"
#define BLUE "#0072B2"
#define VERMILION "#D55E00"
#define GREEN "#007a5a"
#define ORANGE "#E69F00"
#define BADGE 9.0 /* radius */
#define BAND 26.0 /* half its width */
#define BAR 6.0
#define TEXT_WIDTH 6.2 /* of a character of 12 px, on average */

enum legend_id {
  LEGEND_REQUEST,
  LEGEND_ANSWER,
  LEGEND_LOST,
  LEGEND_STEP,
  LEGEND_EFFECT,
  LEGEND_EFFECT_AGAIN,
  LEGEND_HANDLER,
  LEGEND_DOWN,
  LEGEND_PAUSED,
  LEGEND_CUT,
  LEGEND_BREAK,
  LEGEND__COUNT
};

struct drawing {
  const struct story *story;
  const struct explain_record *record;
  struct layout layout;
  bool used[LEGEND__COUNT]; /* what the legend has to explain */
  FILE *out;
};

static void put_text(FILE *out, const char *text) {
  for (; *text; text++) {
    if (*text == '<')
      fputs("&lt;", out);
    else if (*text == '>')
      fputs("&gt;", out);
    else if (*text == '&')
      fputs("&amp;", out);
    else if ((unsigned char)*text >= 0x20)
      fputc(*text, out);
  }
}

static void text_at(const struct drawing *drawing, double x, double y, const char *class,
                    const char *text) {
  fprintf(drawing->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
  put_text(drawing->out, text);
  fputs("</text>\n", drawing->out);
}

/* A label over lines: its halo first. */
static void label_at(const struct drawing *drawing, double x, double y, const char *class,
                     const char *text) {
  char halo[64];
  snprintf(halo, sizeof halo, "halo %s", class);
  text_at(drawing, x, y, halo, text);
  text_at(drawing, x, y, class, text);
}

static void put_style(FILE *out) {
  fputs("<style>\n"
        "text { font-family: 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif; "
        "font-size: 12px; fill: " INK "; }\n"
        ".title { font-size: 18px; font-weight: bold; }\n"
        ".small { font-size: 11px; fill: " GREY "; }\n"
        ".time { font-size: 11px; fill: " GREY "; text-anchor: end; }\n"
        ".node { font-size: 13px; font-weight: bold; text-anchor: middle; }\n"
        ".left { text-anchor: end; }\n.middle { text-anchor: middle; }\n"
        ".message { fill: " BLUE "; }\n.loss { fill: #a84400; }\n"
        ".number { font-size: 10px; font-weight: bold; text-anchor: middle; }\n"
        ".number.on { fill: #ffffff; }\n"
        ".halo { stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; fill: #ffffff; }\n"
        ".lane { stroke: #9a9a9a; stroke-width: 1.2; }\n"
        ".arrow, .sign { stroke: " BLUE "; stroke-width: 1.8; fill: none; marker-end: url(#head); }\n"
        ".reply { stroke-dasharray: 6 3; }\n"
        ".gone { stroke: " VERMILION "; marker-end: none; }\n"
        ".cross, .x { stroke: " VERMILION "; stroke-width: 3; fill: none; }\n"
        ".bar { fill: " ORANGE "; stroke: #9c6a00; stroke-width: 0.8; }\n"
        ".step { fill: #ffffff; stroke: " INK "; stroke-width: 1.4; }\n"
        ".effect { fill: " GREEN "; stroke: " GREEN "; }\n"
        ".again { fill: #a84400; stroke: #a84400; }\n"
        ".down { fill: #8a8a8a; fill-opacity: 0.38; }\n"
        ".paused { fill: #CC79A7; fill-opacity: 0.35; }\n"
        ".cut { fill: url(#hatch); stroke: #56B4E9; stroke-width: 1; }\n"
        ".break { stroke: " GREY "; stroke-width: 1.3; fill: none; }\n"
        "</style>\n"
        "<defs>\n<marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" "
        "markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        "<path d=\"M0 0L10 5L0 10z\" fill=\"" BLUE "\"/></marker>\n"
        "<pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
        "patternTransform=\"rotate(45)\"><rect width=\"7\" height=\"7\" fill=\"#e4f3fc\"/>"
        "<path d=\"M0 0V7\" stroke=\"#56B4E9\" stroke-width=\"2\"/></pattern>\n</defs>\n",
        out);
}

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

static bool ends_handler(const struct happening *begin, const struct happening *other) {
  if (other->node != begin->node) return false;
  return (other->kind == HAPPENING_POINT && other->what == POINT_HANDLED) ||
         (other->kind == HAPPENING_NODE && other->what == NODE_CHANGE_DOWN);
}

static void put_bars(struct drawing *drawing) {
  const struct explain_record *record = drawing->record;
  for (size_t i = record->first; i < record->end; i++) {
    const struct happening *happening = &record->items[i];
    if (happening->kind != HAPPENING_FACT || happening->what != FACT_DELIVERED || !happening->own) continue;
    size_t end = i + 1;
    while (end < record->end && !ends_handler(happening, &record->items[end])) end++;
    band(drawing, happening->node, i, end, LEGEND_HANDLER);
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
    text_at(drawing, layout->x[i], LAYOUT_TOP - 10, "node", drawing->record->nodes[i].name);
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
    text_at(drawing, LAYOUT_LEFT - 52, layout->y[i] + 4, "time", text);
    last = us;
  }
  for (size_t w = 0; w < layout->wait_count; w++) {
    human_time((double)layout->waits[w].lasts, human, sizeof human);
    snprintf(text, sizeof text, "%s later", human);
    text_at(drawing, LAYOUT_LEFT - 52, layout->waits[w].y + 4, "time", text);
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
  label_at(drawing, from + side * (BADGE + 7), layout->ways[index].sent - 4,
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
    label_at(drawing, x, y + 21, "middle loss", step->brief);
    x += to > from ? 20 : -20;
  } else if (step->brief[0]) {
    const bool beside_band = happening->kind == HAPPENING_NODE || happening->kind == HAPPENING_FAULT;
    label_at(drawing, x + (beside_band ? BAND : BADGE) + 6, y + 4, "note", step->brief);
  }
  fprintf(drawing->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>\n", x, y, BADGE,
          step_rows[look].circle);
  snprintf(text, sizeof text, "%zu", number);
  text_at(drawing, x, y + 3.6, step_rows[look].number, text);
  drawing->used[look] = true;
}

/* --- Around it --- */

static const struct {
  const char *text;
  const char *shape; /* SVG, in a box of 40 by 20; "sign" instead of "arrow", which is a message */
} legend[LEGEND__COUNT] = {
    [LEGEND_REQUEST] = {"request", "<path d=\"M2 10H38\" class=\"sign\"/>"},
    [LEGEND_ANSWER] = {"answer", "<path d=\"M2 10H38\" class=\"sign reply\"/>"},
    [LEGEND_LOST] = {"lost", "<path d=\"M2 10H28\" class=\"sign gone\"/>"
                             "<path d=\"M24 4l12 12m0 -12l-12 12\" class=\"x\"/>"},
    [LEGEND_STEP] = {"step of the story", "<circle cx=\"20\" cy=\"10\" r=\"9\" class=\"step\"/>"},
    [LEGEND_EFFECT] = {"effect", "<circle cx=\"20\" cy=\"10\" r=\"9\" class=\"step effect\"/>"},
    [LEGEND_EFFECT_AGAIN] = {"effect too many",
                             "<circle cx=\"20\" cy=\"10\" r=\"9\" class=\"step again\"/>"},
    [LEGEND_HANDLER] = {"handler at work",
                        "<rect x=\"14\" y=\"0\" width=\"12\" height=\"20\" class=\"bar\"/>"},
    [LEGEND_DOWN] = {"process down",
                     "<rect x=\"4\" y=\"0\" width=\"32\" height=\"20\" class=\"down\"/>"},
    [LEGEND_PAUSED] = {"stands still",
                       "<rect x=\"4\" y=\"0\" width=\"32\" height=\"20\" class=\"paused\"/>"},
    [LEGEND_CUT] = {"cut off", "<rect x=\"4\" y=\"0\" width=\"32\" height=\"20\" class=\"cut\"/>"},
    [LEGEND_BREAK] = {"time left out", "<path d=\"M13 9l14 -6M13 17l14 -6\" class=\"break\"/>"},
};

static double put_legend(const struct drawing *drawing, double y) {
  double x = 24;
  for (size_t i = 0; i < LEGEND__COUNT; i++) {
    if (!drawing->used[i]) continue;
    const double width = 62 + TEXT_WIDTH * (double)strlen(legend[i].text);
    if (x + width > drawing->layout.width) x = 24, y += 30;
    fprintf(drawing->out, "<g transform=\"translate(%.1f %.1f)\">%s</g>\n", x, y - 14, legend[i].shape);
    text_at(drawing, x + 46, y, "note", legend[i].text);
    x += width;
  }
  return y + 30;
}

/* A text in lines as wide as the picture; returns the y behind it. */
static double put_paragraph(const struct drawing *drawing, double y, const char *class, const char *text) {
  const size_t most = (size_t)((drawing->layout.width - 48) / TEXT_WIDTH);
  char line[512];
  while (*text) {
    size_t length = strlen(text);
    if (length > most)
      for (length = most; length > 1 && text[length] != ' '; length--) {}
    if (length >= sizeof line) length = sizeof line - 1;
    snprintf(line, sizeof line, "%.*s", (int)length, text);
    text_at(drawing, 24, y, class, line);
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
  text_at(drawing, 24, 34, "title", head);
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

void diagram_write(const struct story *story, const char *title, FILE *out) {
  struct drawing drawing = {.story = story, .record = story->record};
  char *body = NULL;
  size_t size = 0;
  layout_make(story, &drawing.layout);
  if (drawing.layout.width < 700) drawing.layout.width = 700;
  drawing.out = open_memstream(&body, &size); /* its height is known when it is drawn */
  ASSERT(drawing.out);
  const double height = put_body(&drawing, title) + 6;
  fclose(drawing.out);
  fprintf(out,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
          "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
          drawing.layout.width, height, drawing.layout.width, height);
  put_style(out);
  fputs("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", out);
  fwrite(body, 1, size, out);
  fputs("</svg>\n", out);
  free(body);
  layout_free(&drawing.layout);
}
