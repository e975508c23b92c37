// Archives of NumPy's arrays.

#include "data/sources/npz_archive.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(npz) {
  const InputFile file("input.npz", input);
  if (const auto data = unless_refused([&] { return load_dataset(file.path().string()); })) check(*data);
  unless_refused([&] {
    const data::NpzArchive archive(file.path());
    require(!archive.listed().empty() || archive.count() == 0, "arrays are listed");
    for (std::size_t array = 0; array < archive.count(); ++array) {
      require(archive.find(archive.key(array)) <= array, "an array is found by its key");
      unless_refused([&] { return archive.header(array).has_value(); });
      const auto named = file.path().string() + ":" + archive.key(array);
      if (const auto data = unless_refused([&] { return load_dataset(named); })) check(*data);
    }
    return true;
  });
}

}  // namespace elbo::fuzz
