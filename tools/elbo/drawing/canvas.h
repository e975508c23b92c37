#pragma once
// An RGB picture in memory: rectangles, soft dots, small text, and a PNG file at the end.

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace elbo::command {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend bool operator==(const Colour&, const Colour&) = default;
};

inline constexpr Colour kPage = {255, 255, 255};
inline constexpr Colour kInk = {45, 45, 50};
inline constexpr Colour kFaint = {222, 222, 226};
inline constexpr Colour kNotANumber = {255, 0, 80};  ///< colour of NaN, so that it shows

/// A surface to draw on. Positions are pixels from the upper left corner.
class Surface {
 public:
  virtual ~Surface() = default;
  virtual void rectangle(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height,
                         Colour colour) = 0;
  /// A disc, mixed with what is below it; `opacity` in [0, 1].
  virtual void dot(double x, double y, double radius, Colour colour, double opacity) = 0;
  /// ASCII text whose upper left corner is at (x, y), as wide as Canvas::text_width() returns.
  virtual void text(std::int64_t x, std::int64_t y, std::string_view words, Colour colour) = 0;
};

inline constexpr std::int64_t kPaletteColours = 30;
/// Colour i of kPaletteColours, which repeat: ten distinct colours, then the same darker, then lighter.
Colour palette(std::int64_t i);

class Canvas final : public Surface {
 public:
  /// Throws ConfigError if no PNG file could hold the canvas.
  Canvas(std::int64_t width, std::int64_t height, Colour background = kPage);

  std::int64_t width() const noexcept { return width_; }
  std::int64_t height() const noexcept { return height_; }
  Colour at(std::int64_t x, std::int64_t y) const;

  /// All drawing is clipped to the canvas.
  void rectangle(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height,
                 Colour colour) override;
  /// A disc with a soft edge, mixed with what is below it; `opacity` in [0, 1].
  void dot(double x, double y, double radius, Colour colour, double opacity);
  /// ASCII text whose upper left corner is at (x, y); other characters show as '?'.
  void text(std::int64_t x, std::int64_t y, std::string_view words, Colour colour = kInk);
  static std::int64_t text_width(std::string_view words);
  static constexpr std::int64_t kTextHeight = 16;

  /// Throws IoError.
  void write_png(const std::filesystem::path& file) const;

 private:
  std::uint8_t* pixel(std::int64_t x, std::int64_t y) { return pixels_.data() + 3 * (y * width_ + x); }

  std::int64_t width_;
  std::int64_t height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace elbo::command
