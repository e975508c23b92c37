#include "drawing/canvas.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "drawing/png.h"
#include "elbo/error.h"
#include "io/file.h"
#include "base/check.h"

#include <stb_easy_font.h>

namespace elbo::command {
namespace {

constexpr int kTextScale = 2;  // the font's own pixels are small

struct GlyphVertex {  // as stb_easy_font_print writes them, four to a rectangle
  float x, y, z;
  unsigned char colour[4];
};

/// Replaces each character outside ASCII, which may be several bytes of UTF-8, by '?', as the font is ASCII.
std::string drawable(std::string_view words) {
  std::string text;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;
    text += c == '\n' || (byte >= 32 && byte < 127) ? c : '?';
  }
  return text;
}

}  // namespace

Colour palette(std::int64_t i) {
  static constexpr Colour kColours[] = {{38, 101, 189}, {226, 110, 20}, {38, 145, 70},  {204, 38, 48},
                                        {128, 84, 178}, {125, 82, 66},  {222, 98, 172}, {112, 116, 124},
                                        {160, 158, 22}, {18, 168, 186}};
  const std::int64_t place = ((i % kPaletteColours) + kPaletteColours) % kPaletteColours;
  const Colour colour = kColours[place % 10];
  const auto mixed = [&](int with, double share) {
    const auto mix = [&](unsigned char of) {
      return static_cast<unsigned char>(std::lround((1.0 - share) * of + share * with));
    };
    return Colour{mix(colour.red), mix(colour.green), mix(colour.blue)};
  };
  return place < 10 ? colour : place < 20 ? mixed(0, 0.45) : mixed(255, 0.4);
}

Canvas::Canvas(std::int64_t width, std::int64_t height, Colour background)
    : width_(std::max<std::int64_t>(width, 1)), height_(std::max<std::int64_t>(height, 1)) {
  // stb_image_write counts the picture's bytes plus one per row in int.
  if (height_ > std::numeric_limits<int>::max() / (3 * width_ + 1)) {
    throw ConfigError(concat("a picture of ", width_, " x ", height_,
                             " pixels is too large for a PNG file; ask for fewer, or name a .npy file."));
  }
  pixels_.resize(static_cast<std::size_t>(3 * width_ * height_));
  rectangle(0, 0, width_, height_, background);
}

Colour Canvas::at(std::int64_t x, std::int64_t y) const {
  const auto* p = pixels_.data() + 3 * (y * width_ + x);
  return {p[0], p[1], p[2]};
}

void Canvas::rectangle(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height,
                       Colour colour) {
  const auto right = std::min(x + width, width_), bottom = std::min(y + height, height_);
  for (auto row = std::max<std::int64_t>(y, 0); row < bottom; ++row) {
    for (auto column = std::max<std::int64_t>(x, 0); column < right; ++column) {
      auto* p = pixel(column, row);
      p[0] = colour.red, p[1] = colour.green, p[2] = colour.blue;
    }
  }
}

void Canvas::dot(double x, double y, double radius, Colour colour, double opacity) {
  const auto mix = [](std::uint8_t below, std::uint8_t above, double weight) {
    return static_cast<std::uint8_t>(std::lround(below + weight * (above - below)));
  };
  const auto first = [](double edge) {
    return std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(edge)), 0);
  };
  const auto last = [](double edge, std::int64_t size) {
    return std::min(static_cast<std::int64_t>(std::ceil(edge)), size - 1);
  };
  for (auto row = first(y - radius - 1); row <= last(y + radius + 1, height_); ++row) {
    for (auto column = first(x - radius - 1); column <= last(x + radius + 1, width_); ++column) {
      const double distance = std::hypot(static_cast<double>(column) - x, static_cast<double>(row) - y);
      const double weight = opacity * std::clamp(radius + 0.5 - distance, 0.0, 1.0);
      auto* p = pixel(column, row);
      p[0] = mix(p[0], colour.red, weight), p[1] = mix(p[1], colour.green, weight);
      p[2] = mix(p[2], colour.blue, weight);
    }
  }
}

void Canvas::text(std::int64_t x, std::int64_t y, std::string_view words, Colour colour) {
  std::string copy = drawable(words);
  std::vector<GlyphVertex> vertices(copy.size() * 64 + 64);
  const int rectangles = stb_easy_font_print(0, 0, copy.data(), nullptr, vertices.data(),
                                             static_cast<int>(vertices.size() * sizeof(GlyphVertex)));
  for (int i = 0; i < rectangles; ++i) {
    const auto& corner = vertices[static_cast<std::size_t>(4 * i)];
    const auto& opposite = vertices[static_cast<std::size_t>(4 * i + 2)];
    const auto scaled = [](float value) {
      return static_cast<std::int64_t>(std::lround(value * kTextScale));
    };
    rectangle(x + scaled(corner.x), y + scaled(corner.y), scaled(opposite.x) - scaled(corner.x),
              scaled(opposite.y) - scaled(corner.y), colour);
  }
}

std::int64_t Canvas::text_width(std::string_view words) {
  std::string copy = drawable(words);
  return static_cast<std::int64_t>(kTextScale) * stb_easy_font_width(copy.data());
}

void Canvas::write_png(const std::filesystem::path& file) const {
  io::write_file(file, encode_png(pixels_, width_, height_, 3));
}

}  // namespace elbo::command
