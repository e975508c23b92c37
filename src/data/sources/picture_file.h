#pragma once
// One file of a picture, in any of the formats of picture_decoder.h.

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "data/sources/picture_decoder.h"
#include "elbo/dataset.h"

namespace elbo::data {

/// "PNG, JPEG, BMP, WebP or TIFF".
std::string picture_formats();

/// Whether the file is called like a picture, in any case: .png, .jpg, .jpeg, .bmp, .webp, .tif, .tiff.
bool is_picture_name(const std::filesystem::path& file);

/// "64x48 in colour", width first.
std::string describe(const PictureShape& shape);

/// What the file's header says. Throws IoError; DataError if the file is not a picture, or of a kind that
/// this build cannot read.
PictureHeader read_picture_header(const std::filesystem::path& file);

/// The shape of the picture as it is shown: turned by its orientation, without transparency.
PictureShape shown_shape(const PictureHeader& header);

/// Height, width and channels (1 grey, 3 colour) of the picture as it is shown. Throws like
/// read_picture_header.
PictureShape picture_file_shape(const std::filesystem::path& file);

/// How pictures become examples.
struct PictureForm {
  PictureShape shape;                      ///< that all are brought to (resize.h)
  std::optional<std::uint8_t> background;  ///< the grey level under what is transparent; nothing: colours are
                                           ///< taken as they are stored, whatever their alpha
};

/// Decodes the file into `pixels`, height × width × channels. Throws IoError; DataError if the picture is
/// damaged, or has 16 bits a value, which bytes cannot hold.
void read_picture(const std::filesystem::path& file, const PictureForm& form, std::span<std::uint8_t> pixels);

/// The same as floats: a byte / 255, or a value of 16 bits / 65535.
void read_picture(const std::filesystem::path& file, const PictureForm& form, std::span<float> pixels);

}  // namespace elbo::data
