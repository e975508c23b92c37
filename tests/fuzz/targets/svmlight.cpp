// SVMlight's text.

#include "data/sources/svmlight.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(svmlight) {
  const auto data = unless_refused([&] { return data::parse_svmlight(input, "input", "input"); });
  if (data) check(*data);
  const InputFile file("input", input);
  const bool looks = data::looks_like_svmlight(file.path());
  require(!data || looks, "what is read looks like it");
  if (const auto loaded = unless_refused([&] { return load_dataset(file.path().string()); })) check(*loaded);
}

}  // namespace elbo::fuzz
