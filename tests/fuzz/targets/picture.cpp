// Pictures of every format, by their first bytes.

#include <algorithm>

#include "data/sources/picture_file.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(picture) {
  constexpr std::int64_t kMaxBytes = 1 << 20;  // larger ones take long and show no more
  const InputFile file("input.png", input);
  const auto header = unless_refused([&] { return data::read_picture_header(file.path()); });
  if (!header) return;
  require(header->bytes() > 0, "a picture has pixels");
  if (header->bytes() > kMaxBytes) return;
  data::PictureForm form{data::shown_shape(*header), {}};
  const auto size = static_cast<std::size_t>(form.shape.height * form.shape.width * form.shape.channels);
  std::vector<std::uint8_t> bytes(size);
  std::vector<float> floats(size);
  const auto read = [&](auto& values) {
    return unless_refused([&] { return data::read_picture(file.path(), form, values), true; }).has_value();
  };
  const bool whole = read(floats);
  require(read(bytes) == (whole && !header->wide), "bytes are read where floats are, but not of 16 bits");
  if (!whole) return;
  const auto is_level = [](float value) { return value >= 0.0f && value <= 1.0f; };
  require(std::ranges::all_of(floats, is_level), "values are from 0 to 1");
  form.background = std::uint8_t{7};
  require(read(floats), "a picture can be laid over a background");
  form.shape = {3, 5, 4 - form.shape.channels};  // from grey to colour or back
  floats.resize(static_cast<std::size_t>(15 * form.shape.channels));
  require(read(floats) && std::ranges::all_of(floats, is_level), "a picture can be brought to a shape");
}

}  // namespace elbo::fuzz
