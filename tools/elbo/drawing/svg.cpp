#include "drawing/svg.h"

#include <cstdio>

#include "io/file.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo::command {
namespace {

std::string hex(Colour colour) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
  return text;
}

// A hundredth of a pixel is finer than any screen.
std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// XML has no control characters at all.
std::string as_xml(std::string_view words) {
  std::string text;
  for (const char c : data::escaped(words)) {
    if (c == '&') {
      text += "&amp;";
    } else if (c == '<') {
      text += "&lt;";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

Svg::Svg(std::int64_t width, std::int64_t height, Colour background)
    : body_(concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
                   "\" viewBox=\"0 0 ", width, ' ', height, "\" font-family=\"sans-serif\" font-size=\"",
                   Canvas::kTextHeight, "\">\n")) {
  rectangle(0, 0, width, height, background);
}

void Svg::rectangle(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height, Colour colour) {
  body_ += concat("<rect x=\"", x, "\" y=\"", y, "\" width=\"", width, "\" height=\"", height, "\" fill=\"",
                  hex(colour), "\"/>\n");
}

void Svg::dot(double x, double y, double radius, Colour colour, double opacity) {
  // A pixel's coordinate refers to its centre.
  body_ += concat("<circle cx=\"", short_number(x + 0.5), "\" cy=\"", short_number(y + 0.5), "\" r=\"",
                  short_number(radius), "\" fill=\"", hex(colour), "\" fill-opacity=\"",
                  short_number(opacity), "\"/>\n");
}

void Svg::text(std::int64_t x, std::int64_t y, std::string_view words, Colour colour) {
  if (words.empty()) return;
  body_ += concat("<text x=\"", x, "\" y=\"", y + Canvas::kTextHeight - 3, "\" textLength=\"",
                  Canvas::text_width(words), "\" lengthAdjust=\"spacingAndGlyphs\" fill=\"", hex(colour),
                  "\">", as_xml(words), "</text>\n");
}

void Svg::write(const std::filesystem::path& file) const {
  io::write_file(file, document());
}

}  // namespace elbo::command
