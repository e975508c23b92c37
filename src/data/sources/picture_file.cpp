#include "data/sources/picture_file.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "data/sources/array.h"
#include "data/sources/resize.h"
#include "data/sources/turn.h"
#include "base/text.h"
#include "io/file.h"
#include "base/check.h"

namespace elbo::data {
namespace {

/// Maximum number of values in a picture.
constexpr std::int64_t kMaxValues = std::int64_t{1} << 26;

struct Format {
  std::string_view name;
  std::string_view extensions[2];
  bool (*is)(Bytes);
  PictureHeader (*header)(Bytes);
  void (*decode)(Bytes, std::span<std::uint8_t>);
};

constexpr Format kFormats[] = {
    {"PNG", {".png"}, is_png, png_header, decode_png},
    {"JPEG", {".jpg", ".jpeg"}, is_jpeg, jpeg_header, decode_jpeg},
    {"BMP", {".bmp"}, is_bmp, bmp_header, decode_bmp},
    {"WebP", {".webp"}, is_webp, webp_header, decode_webp},
    {"TIFF", {".tif", ".tiff"}, is_tiff, tiff_header, decode_tiff},
};

/// A file's bytes and their format.
class Picture {
 public:
  explicit Picture(const std::filesystem::path& file) : file_(file), text_(io::read_file(file)) {
    format_ = std::ranges::find_if(kFormats, [&](const Format& format) { return format.is(bytes()); });
    if (format_ == std::end(kFormats))
      throw DataError(concat(file.string(), ": not a ", picture_formats(), " picture"));
  }

  PictureHeader header() const {
    const PictureHeader header = decoded([&] { return format_->header(bytes()); });
    const PictureShape& shape = header.stored;
    if (shape.height > kMaxValues / header.samples() / shape.width) {
      throw DataError(concat(file_.string(), ": declares ", shape.width, "x", shape.height,
                             " pixels, too many for an example"));
    }
    return header;
  }

  /// The pixels as stored, of header.bytes().
  std::vector<std::uint8_t> pixels(const PictureHeader& header) const {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(header.bytes()));
    decoded([&] { format_->decode(bytes(), pixels); });
    return pixels;
  }

 private:
  Bytes bytes() const { return {reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()}; }

  /// Returns the decoder's result; adds the file's name to its errors.
  template <class Decode>
  std::invoke_result_t<Decode> decoded(const Decode& decode) const {
    try {
      return decode();
    } catch (const DamagedPicture& damage) {
      throw DataError(concat(file_.string(), ": the picture is damaged (", damage.what(), ")", kMakeAgain));
    } catch (const UnsupportedPicture& kind) {
      throw DataError(concat(file_.string(), ": is ", kind.what(), "."));
    }
  }

  const std::filesystem::path& file_;
  std::string text_;
  const Format* format_;
};

/// The colours alone: over the background if there is one, else as they are stored.
template <class T>
std::vector<T> flatten(std::span<const T> pixels, const PictureHeader& header,
                       std::optional<std::uint8_t> background) {
  constexpr std::uint64_t kMax = std::numeric_limits<T>::max();
  const auto channels = static_cast<std::size_t>(header.stored.channels);
  std::vector<T> flat;
  flat.reserve(pixels.size() / (channels + 1) * channels);
  for (std::size_t at = 0; at < pixels.size(); at += channels + 1) {
    const std::uint64_t alpha = background ? pixels[at + channels] : kMax;
    const std::uint64_t under = background.value_or(0) * (kMax / 255);
    for (std::size_t c = 0; c < channels; ++c) {
      flat.push_back(static_cast<T>((pixels[at + c] * alpha + under * (kMax - alpha) + kMax / 2) / kMax));
    }
  }
  return flat;
}

template <class T>
std::span<const std::uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

/// The picture in the form's shape, as samples of type T.
template <class T>
std::vector<T> in_form(const Picture& picture, const PictureHeader& header, const PictureForm& form) {
  const std::vector<std::uint8_t> stored = picture.pixels(header);
  std::vector<T> pixels(stored.size() / sizeof(T));
  std::memcpy(pixels.data(), stored.data(), stored.size());
  if (header.alpha) pixels = flatten<T>(pixels, header, form.background);
  if (header.orientation != 1) {
    std::vector<T> shown(pixels.size());
    turn(bytes_of(pixels), header.stored, header.stored.channels * std::int64_t{sizeof(T)},
         header.orientation, {reinterpret_cast<std::uint8_t*>(shown.data()), shown.size() * sizeof(T)});
    pixels = std::move(shown);
  }
  const PictureShape shape = shown_shape(header);
  if (shape == form.shape) return pixels;
  std::vector<T> resized(
      static_cast<std::size_t>(form.shape.height * form.shape.width * form.shape.channels));
  resize_picture(pixels, shape, std::span<T>(resized), form.shape);
  return resized;
}

}  // namespace

std::string picture_formats() {
  std::string list;
  for (const Format& format : kFormats) {
    if (!list.empty()) list += &format == std::end(kFormats) - 1 ? " or " : ", ";
    list += format.name;
  }
  return list;
}

bool is_picture_name(const std::filesystem::path& file) {
  const std::string extension = lower(file.extension().string());
  return !extension.empty() && std::ranges::any_of(kFormats, [&](const Format& format) {
    return std::ranges::find(format.extensions, extension) != std::end(format.extensions);
  });
}

std::string describe(const PictureShape& shape) {
  return concat(shape.width, "x", shape.height, shape.channels == 3 ? " in colour" : " in grey");
}

PictureHeader read_picture_header(const std::filesystem::path& file) {
  return Picture(file).header();
}

PictureShape shown_shape(const PictureHeader& header) {
  return turned(header.stored, header.orientation);
}

PictureShape picture_file_shape(const std::filesystem::path& file) {
  return shown_shape(read_picture_header(file));
}

void read_picture(const std::filesystem::path& file, const PictureForm& form,
                  std::span<std::uint8_t> pixels) {
  const Picture picture(file);
  const PictureHeader header = picture.header();
  if (header.wide) throw DataError(concat(file.string(), ": has 16 bits a value, which a byte cannot hold"));
  std::ranges::copy(in_form<std::uint8_t>(picture, header, form), pixels.begin());
}

void read_picture(const std::filesystem::path& file, const PictureForm& form, std::span<float> pixels) {
  const Picture picture(file);
  const PictureHeader header = picture.header();
  if (header.wide) {
    std::ranges::transform(in_form<std::uint16_t>(picture, header, form), pixels.begin(),
                           [](std::uint16_t value) { return static_cast<float>(value) / 65535.0f; });
  } else {
    std::ranges::transform(in_form<std::uint8_t>(picture, header, form), pixels.begin(),
                           [](std::uint8_t byte) { return static_cast<float>(byte) * kByteScale; });
  }
}

}  // namespace elbo::data
