// IDX files, plain or gzipped.

#include "data/sources/idx.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(idx) {
  const InputFile file("input-idx3-ubyte", input);
  const auto array = unless_refused([&] { return data::read_idx(file.path()); });
  if (array) {
    std::size_t count = 1;
    for (const std::int64_t extent : array->shape) count *= static_cast<std::size_t>(extent);
    require(array->bytes.size() + array->floats.size() == count, "the shape is the count");
    require(data::looks_like_idx(file.path()), "what is read looks like it");
  }
  if (const auto data = unless_refused([&] { return load_dataset(file.path().string()); })) check(*data);
}

}  // namespace elbo::fuzz
