#pragma once
// The orientation in EXIF metadata (CIPA DC-008, tag 0x0112): how a stored picture is turned to be shown.

#include <cstddef>
#include <cstdint>
#include <span>

namespace elbo::data {

using Bytes = std::span<const std::uint8_t>;

// The orientation, 1 to 8; 1, as stored, where there is none or the metadata is malformed, which is never an
// error.

/// From EXIF's data themselves, which are a TIFF file's header and first directory.
int exif_orientation(Bytes exif);
/// From a JPEG's APP1 segment.
int jpeg_orientation(Bytes file);
/// From a PNG's eXIf chunk.
int png_orientation(Bytes file);
/// From a WebP's EXIF chunk.
int webp_orientation(Bytes file);

}  // namespace elbo::data
