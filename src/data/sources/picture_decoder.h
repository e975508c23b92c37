#pragma once
// PNG and JPEG in memory, each by its library: png_file.cpp and jpeg_file.cpp.
//
// Both libraries report errors by longjmp, which runs no destructors: functions between setjmp and a call of
// theirs, and functions that they call back, have no local object that needs a destructor.

#include <cstdint>
#include <span>
#include <stdexcept>

#include "elbo/dataset.h"

namespace elbo::data {

/// A picture that cannot be decoded; what() says why, without the file.
struct DamagedPicture : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Bytes = std::span<const std::uint8_t>;

bool is_png(Bytes file);
/// Height, width and channels (1 grey, 3 colour) from the header. Throws DamagedPicture.
PictureShape png_shape(Bytes file);
/// Decodes into `pixels`, height × width × channels of png_shape(). Values of 1, 2 and 4 bits are spread over
/// 0 … 255; of 16 bits the high 8 are kept; transparency is dropped. The declared size bounds time and
/// memory, however much the file's data would inflate to. Throws DamagedPicture.
void decode_png(Bytes file, std::span<std::uint8_t> pixels);

bool is_jpeg(Bytes file);
/// Height, width and channels (1 grey, 3 colour) from the header. Throws DamagedPicture.
PictureShape jpeg_shape(Bytes file);
/// Decodes into `pixels`, height × width × channels of jpeg_shape(), with the accurate inverse transform and
/// smooth upsampling of colour. CMYK becomes RGB as inks on white; a file with Adobe's marker has inverted
/// inks. Throws DamagedPicture, also if the library would warn and make up pixels.
void decode_jpeg(Bytes file, std::span<std::uint8_t> pixels);

}  // namespace elbo::data
