#include "data/sources/picture_file.h"

#include <string>
#include <type_traits>
#include <vector>

#include "data/sources/picture_decoder.h"
#include "data/sources/resize.h"
#include "base/text.h"
#include "io/file.h"
#include "base/check.h"

namespace elbo::data {
namespace {

/// Maximum number of values in a picture.
constexpr std::int64_t kMaxValues = std::int64_t{1} << 26;

/// A file's bytes and their format.
class Picture {
 public:
  explicit Picture(const std::filesystem::path& file)
      : file_(file), text_(io::read_file(file)), png_(is_png(bytes())) {
    if (!png_ && !is_jpeg(bytes())) throw DataError(concat(file.string(), ": not a PNG or JPEG picture"));
  }

  PictureShape shape() const {
    const PictureShape shape = decoded([&] { return png_ ? png_shape(bytes()) : jpeg_shape(bytes()); });
    if (shape.height > kMaxValues / shape.channels / shape.width) {
      throw DataError(concat(file_.string(), ": declares ", shape.width, "x", shape.height,
                             " pixels, too many for an example"));
    }
    return shape;
  }

  void decode(std::span<std::uint8_t> pixels) const {
    decoded([&] { png_ ? decode_png(bytes(), pixels) : decode_jpeg(bytes(), pixels); });
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
    }
  }

  const std::filesystem::path& file_;
  std::string text_;
  bool png_;
};

}  // namespace

std::string describe(const PictureShape& shape) {
  return concat(shape.width, "x", shape.height, shape.channels == 3 ? " in colour" : " in grey");
}

PictureShape picture_file_shape(const std::filesystem::path& file) {
  return Picture(file).shape();
}

void read_picture(const std::filesystem::path& file, const PictureShape& shape,
                  std::span<std::uint8_t> pixels) {
  const Picture picture(file);
  if (const auto found = picture.shape(); found != shape) {
    throw DataError(
        concat(file.string(), ": is ", describe(found), ", but the first picture is ", describe(shape),
               ".\nAll pictures need one size and one kind: ", "data.picture_size brings them to one."));
  }
  picture.decode(pixels);
}

void read_resized_picture(const std::filesystem::path& file, const PictureShape& shape,
                          std::span<std::uint8_t> pixels) {
  const Picture picture(file);
  const PictureShape found = picture.shape();
  if (found == shape) return picture.decode(pixels);
  std::vector<std::uint8_t> decoded(static_cast<std::size_t>(found.height * found.width * found.channels));
  picture.decode(decoded);
  resize_picture(decoded, found, pixels, shape);
}

}  // namespace elbo::data
