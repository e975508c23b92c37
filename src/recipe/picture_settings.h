#pragma once
// data.picture_size, data.resize, data.channels and data.background as what load_dataset takes.

#include <cstdint>
#include <optional>

#include "elbo/dataset.h"
#include "elbo/recipe.h"

namespace elbo {

/// Maximum width and height that pictures are resized to.
inline constexpr std::int64_t kMaxPictureSide = 1 << 12;

/// Checks the settings of pictures, alone and with each other. Throws ConfigError.
void check_picture_settings(const DataSettings& settings);

/// The shape that pictures are brought to (LoadOptions::resize); nothing if they are to stay as they are.
/// `channels`: those to take if pictures are resized and data.channels says none; 0: as the pictures are.
/// Throws ConfigError if data.resize is not "WIDTHxHEIGHT".
std::optional<PictureShape> picture_resizing(const DataSettings& settings, std::int64_t channels);

}  // namespace elbo
