#pragma once
// Pictures in memory, each format in its file: png_file.cpp, jpeg_file.cpp, bmp_file.cpp, webp_file.cpp,
// tiff_file.cpp. picture_file.cpp has their table.
//
// libpng and libjpeg report errors by longjmp, which runs no destructors: functions between setjmp and a call
// of theirs, and functions that they call back, have no local object that needs a destructor.

#include <cstdint>
#include <span>
#include <stdexcept>

#include "data/sources/exif.h"
#include "elbo/dataset.h"

namespace elbo::data {

/// A picture that cannot be decoded; what() says why, without the file.
struct DamagedPicture : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A picture of a kind that this build does not read; what() says of which kind and what would help.
struct UnsupportedPicture : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a picture's header says. A pixel is stored as `stored.channels` samples (1 grey, 3 colour), then its
/// alpha if it has one, each of one byte or, if `wide`, of two in the machine's order.
struct PictureHeader {
  PictureShape stored;  ///< before it is turned
  int orientation = 1;  ///< EXIF's: how it is turned to be shown (turn.h)
  bool wide = false;    ///< 16 bits a sample
  bool alpha = false;   ///< has transparency
  std::int64_t pages = 1;

  std::int64_t samples() const { return stored.channels + (alpha ? 1 : 0); }
  std::int64_t pixel_bytes() const { return samples() * (wide ? 2 : 1); }
  std::int64_t bytes() const { return stored.height * stored.width * pixel_bytes(); }
};

// For each format: whether the file is of it; its header; its pixels, row by row from the top, into `pixels`
// of the header's bytes(). Headers and pixels throw DamagedPicture and UnsupportedPicture.

bool is_png(Bytes file);
PictureHeader png_header(Bytes file);
/// Spreads values of 1, 2 and 4 bits over 0 … 255. The declared size bounds time and memory, however much the
/// file's data would inflate to.
void decode_png(Bytes file, std::span<std::uint8_t> pixels);

bool is_jpeg(Bytes file);
PictureHeader jpeg_header(Bytes file);
/// Decodes with the accurate inverse transform and smooth upsampling of colour. CMYK becomes RGB as inks on
/// white; a file with Adobe's marker has inverted inks. Throws DamagedPicture also if the library would warn
/// and make up pixels.
void decode_jpeg(Bytes file, std::span<std::uint8_t> pixels);

bool is_bmp(Bytes file);
/// Uncompressed pictures with a palette of 8 bits, of 24 bits and of 32 bits. A palette of greys makes a grey
/// picture.
PictureHeader bmp_header(Bytes file);
void decode_bmp(Bytes file, std::span<std::uint8_t> pixels);

bool is_webp(Bytes file);
/// Without libwebp every WebP picture is an UnsupportedPicture; so are animations.
PictureHeader webp_header(Bytes file);
void decode_webp(Bytes file, std::span<std::uint8_t> pixels);

bool is_tiff(Bytes file);
/// The first page. Without libtiff every TIFF picture is an UnsupportedPicture; so are values other than
/// whole numbers of at most 16 bits.
PictureHeader tiff_header(Bytes file);
void decode_tiff(Bytes file, std::span<std::uint8_t> pixels);

}  // namespace elbo::data
