// Matrix Market's text.

#include "data/sources/matrix_market.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(matrix_market) {
  const auto data = unless_refused([&] { return data::parse_matrix_market(input, "input", "input"); });
  if (data) check(*data);
  const InputFile file("input.mtx", input);
  const auto loaded = unless_refused([&] { return load_dataset(file.path().string()); });
  const bool packed = input.starts_with("\x1f\x8b");
  require(packed || data.has_value() == loaded.has_value(), "a file reads as its text does");
  if (loaded) check(*loaded);
}

}  // namespace elbo::fuzz
