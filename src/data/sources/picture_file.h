#pragma once
// One PNG or JPEG file.

#include <filesystem>
#include <span>
#include <string>

#include "elbo/dataset.h"

namespace elbo::data {

/// "64x48 in colour", width first.
std::string describe(const PictureShape& shape);

/// Height, width and channels (1 grey, 3 colour; transparency does not count) from the file's header. Throws
/// IoError, or DataError if the file is not a picture.
PictureShape picture_file_shape(const std::filesystem::path& file);

/// Decodes the file into `pixels`, height × width × channels. Throws IoError; DataError if the picture is
/// damaged or has another shape.
void read_picture(const std::filesystem::path& file, const PictureShape& shape,
                  std::span<std::uint8_t> pixels);

/// Decodes the file, whatever its shape, and resizes it to `shape` (resize.h). Throws IoError; DataError if
/// the picture is damaged.
void read_resized_picture(const std::filesystem::path& file, const PictureShape& shape,
                          std::span<std::uint8_t> pixels);

}  // namespace elbo::data
