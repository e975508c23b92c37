// Masks, which are data of 0 and 1.

#include <cmath>
#include <numeric>

#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(mask) {
  const InputFile file("mask.csv", input);
  const auto mask = unless_refused([&] { return load_dataset(file.path().string()); });
  if (!mask) return;
  std::vector<float> values(static_cast<std::size_t>(mask->train.count * mask->dims()));
  std::iota(values.begin(), values.end(), 1.0f);
  Dataset data = Dataset::from_floats(values, mask->dims());
  if (!unless_refused([&] { return apply_mask(data, *mask), true; })) {
    require(same(data.train.floats, values), "a mask that is refused changes nothing");
    return;
  }
  check(data);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool present =
        mask->train.bytes.empty() ? mask->train.floats[i] == 1.0f : mask->train.bytes[i] == 1;
    require(present ? data.train.floats[i] == values[i] : std::isnan(data.train.floats[i]),
            "a value is kept where the mask is 1, and else missing");
  }
}

}  // namespace elbo::fuzz
