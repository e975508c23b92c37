// NumPy's arrays.

#include "data/sources/npy.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(npy) {
  const auto count = [](const std::vector<std::int64_t>& shape) {
    std::int64_t product = 1;
    for (const std::int64_t extent : shape) product *= extent;
    return static_cast<std::size_t>(product);
  };
  const auto header = unless_refused([&] { return data::parse_npy_header(input, "input"); });
  if (const auto array = unless_refused([&] { return data::parse_npy(input, "input"); })) {
    require(header && header->shape == array->shape, "the header alone says the same shape");
    require(array->bytes.size() + array->floats.size() == count(array->shape), "the shape is the count");
  }
  if (const auto texts = unless_refused([&] { return data::parse_npy_texts(input, "input"); })) {
    require(header && texts->size() == count(header->shape), "there is a text for each place");
  }
  if (const auto whole = unless_refused([&] { return data::parse_npy_integers(input, "input"); })) {
    require(header && whole->size() == count(header->shape), "there is a number for each place");
  }
  const InputFile file("input.npy", input);
  if (const auto data = unless_refused([&] { return load_dataset(file.path().string()); })) check(*data);
}

}  // namespace elbo::fuzz
