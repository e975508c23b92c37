// WebP by libwebp, where the build has it.

#include <algorithm>
#include <string_view>

#include "data/sources/picture_decoder.h"

#if ELBO_HAS_WEBP
#include <webp/decode.h>
#endif

namespace elbo::data {

bool is_webp(Bytes file) {
  const auto says = [&](std::size_t at, std::string_view text) {
    return std::equal(text.begin(), text.end(), file.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
  };
  return file.size() >= 12 && says(0, "RIFF") && says(8, "WEBP");
}

#if ELBO_HAS_WEBP

PictureHeader webp_header(Bytes file) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(file.data(), file.size(), &features) != VP8_STATUS_OK)
    throw DamagedPicture("its header cannot be read");
  if (features.has_animation)
    throw UnsupportedPicture("an animated WebP picture: save one of its frames as a PNG");
  PictureHeader header;
  header.stored = {features.height, features.width, 3};
  header.alpha = features.has_alpha != 0;
  header.orientation = webp_orientation(file);
  return header;
}

void decode_webp(Bytes file, std::span<std::uint8_t> pixels) {
  const PictureHeader header = webp_header(file);
  const int stride = static_cast<int>(header.stored.width * header.pixel_bytes());
  const auto decode = header.alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (!decode(file.data(), file.size(), pixels.data(), pixels.size(), stride))
    throw DamagedPicture("its data is cut or wrong");
}

#else

namespace {
constexpr const char* kNoLibrary =
    "a WebP picture, but this build of elbo has no libwebp: install libwebp-dev and build elbo again, or "
    "save "
    "it as a PNG";
}

PictureHeader webp_header(Bytes) {
  throw UnsupportedPicture(kNoLibrary);
}

void decode_webp(Bytes, std::span<std::uint8_t>) {
  throw UnsupportedPicture(kNoLibrary);
}

#endif

}  // namespace elbo::data
