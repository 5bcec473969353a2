#include "sim/runner/explain_svg.h"

/* Colours: Okabe and Ito's palette, which colour-blind readers can tell apart; shapes differ too. */
#define INK "#222222"
#define GREY "#6b6b6b"
#define BLUE "#0072B2"
#define VERMILION "#D55E00"
#define GREEN "#007a5a"
#define ORANGE "#E69F00"

const struct svg_sign svg_legend[LEGEND__COUNT] = {
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

static const struct {
  const char *selector, *rule;
} rules[] = {
    {"text", "font-family: 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif; font-size: 12px; fill: " INK ";"},
    {".title", "font-size: 18px; font-weight: bold;"},
    {".small", "font-size: 11px; fill: " GREY ";"},
    {".time", "font-size: 11px; fill: " GREY "; text-anchor: end;"},
    {".node", "font-size: 13px; font-weight: bold; text-anchor: middle;"},
    {".left", "text-anchor: end;"},
    {".middle", "text-anchor: middle;"},
    {".message", "fill: " BLUE ";"},
    {".loss", "fill: #a84400;"},
    {".number", "font-size: 10px; font-weight: bold; text-anchor: middle;"},
    {".number.on", "fill: #ffffff;"},
    {".halo", "stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; fill: #ffffff;"},
    {".lane", "stroke: #9a9a9a; stroke-width: 1.2;"},
    {".arrow", "stroke: " BLUE "; stroke-width: 1.8; fill: none; marker-end: url(#head);"},
    {".sign", "stroke: " BLUE "; stroke-width: 1.8; fill: none; marker-end: url(#head);"},
    {".reply", "stroke-dasharray: 6 3;"},
    {".gone", "stroke: " VERMILION "; marker-end: none;"},
    {".cross", "stroke: " VERMILION "; stroke-width: 3; fill: none;"},
    {".x", "stroke: " VERMILION "; stroke-width: 3; fill: none;"},
    {".bar", "fill: " ORANGE "; stroke: #9c6a00; stroke-width: 0.8;"},
    {".step", "fill: #ffffff; stroke: " INK "; stroke-width: 1.4;"},
    {".effect", "fill: " GREEN "; stroke: " GREEN ";"},
    {".again", "fill: #a84400; stroke: #a84400;"},
    {".down", "fill: #8a8a8a; fill-opacity: 0.38;"},
    {".paused", "fill: #CC79A7; fill-opacity: 0.35;"},
    {".cut", "fill: url(#hatch); stroke: #56B4E9; stroke-width: 1;"},
    {".break", "stroke: " GREY "; stroke-width: 1.3; fill: none;"},
};

void svg_rules(FILE *out, const char *scope) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    fprintf(out, "%s%s { %s }\n", scope, rules[i].selector, rules[i].rule);
}

void svg_definitions(FILE *out) {
  fputs("<defs>\n<marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" "
        "markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        "<path d=\"M0 0L10 5L0 10z\" fill=\"" BLUE "\"/></marker>\n"
        "<pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
        "patternTransform=\"rotate(45)\"><rect width=\"7\" height=\"7\" fill=\"#e4f3fc\"/>"
        "<path d=\"M0 0V7\" stroke=\"#56B4E9\" stroke-width=\"2\"/></pattern>\n</defs>\n",
        out);
}

void svg_escaped(FILE *out, const char *text) {
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

void svg_text(FILE *out, double x, double y, const char *class, const char *text) {
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
  svg_escaped(out, text);
  fputs("</text>\n", out);
}

void svg_label(FILE *out, double x, double y, const char *class, const char *text) {
  char halo[64];
  snprintf(halo, sizeof halo, "halo %s", class);
  svg_text(out, x, y, halo, text);
  svg_text(out, x, y, class, text);
}
