#include "recipe/picture_settings.h"

#include <charconv>
#include <string_view>

#include "base/check.h"

namespace elbo {
namespace {

/// A side in pixels; nothing if the text is no such number.
std::optional<std::int64_t> read_side(std::string_view text) {
  std::int64_t side = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && side >= 1 && side <= kMaxPictureSide ? std::optional(side) : std::nullopt;
}

/// Height and width from "64x48", width first; channels 0.
PictureShape read_size(std::string_view text) {
  const auto x = text.find('x');
  const auto width = read_side(text.substr(0, x));
  const auto height = x == std::string_view::npos ? std::nullopt : read_side(text.substr(x + 1));
  if (width && height) return {*height, *width, 0};
  throw ConfigError(concat("data.resize = \"", text,
                           "\" is not a width and a height in pixels, such as \"64x48\", each from 1 to ",
                           kMaxPictureSide, "."));
}

}  // namespace

void check_picture_settings(const DataSettings& settings) {
  if (!settings.resize.empty() && settings.picture_size > 0) {
    throw ConfigError(
        "data.picture_size and data.resize both say which size pictures are brought to: use one "
        "(data.picture_size = 0 is none).");
  }
  if (settings.channels == 2)
    throw ConfigError("data.channels is 2: use 1 (grey), 3 (colour) or 0 (as they are).");
  picture_resizing(settings, 0);
}

std::optional<PictureShape> picture_resizing(const DataSettings& settings, std::int64_t channels) {
  const std::int64_t side = settings.picture_size;
  PictureShape shape = settings.resize.empty() ? PictureShape{side, side, 0} : read_size(settings.resize);
  if (settings.channels != 0) channels = settings.channels;
  if (!shape.is_picture() && settings.channels == 0) return std::nullopt;
  shape.channels = channels;
  return shape;
}

}  // namespace elbo
