#pragma once
// A drawing as SVG, with the same layout as on a Canvas.

#include <filesystem>
#include <string>

#include "drawing/canvas.h"

namespace elbo::command {

class Svg final : public Surface {
 public:
  Svg(std::int64_t width, std::int64_t height, Colour background = kPage);

  void rectangle(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height,
                 Colour colour) override;
  void dot(double x, double y, double radius, Colour colour, double opacity) override;
  void text(std::int64_t x, std::int64_t y, std::string_view words, Colour colour) override;

  /// The whole document.
  std::string document() const { return body_ + "</svg>\n"; }
  /// Throws IoError.
  void write(const std::filesystem::path& file) const;

 private:
  std::string body_;
};

}  // namespace elbo::command
