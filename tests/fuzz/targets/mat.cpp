// MATLAB's files of version 5 to 7. Those of 7.3 are HDF5, whose library is for files that one trusts.

#include "data/sources/mat_file.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(mat) {
  constexpr std::size_t kVersionAt = 124;
  if (!data::has_matio() || input.size() < kVersionAt + 2) return;
  if (input[kVersionAt] == 2 || input[kVersionAt + 1] == 2) return;
  const InputFile file("input.mat", input);
  if (const auto data = unless_refused([&] { return load_dataset(file.path().string()); })) check(*data);
}

}  // namespace elbo::fuzz
