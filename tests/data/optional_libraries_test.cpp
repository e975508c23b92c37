// Formats of libraries that a build may lack: the message then names the package.

#include <gtest/gtest.h>

#include "data/sources/hdf5_file.h"
#include "data/sources/mat_file.h"
#include "elbo/dataset.h"
#include "support/data.h"

namespace elbo::test {
namespace {

struct Format {
  const char* file;
  bool (*present)();
  const char* library;
  const char* package;
};

TEST(DataOptionalLibraries, WithoutOneTheMessageNamesThePackage) {
  const Format formats[] = {{"a.h5ad", data::has_hdf5, "HDF5", "libhdf5-dev"},
                            {"a.mat", data::has_matio, "libmatio", "libmatio-dev"}};
  TempFolder folder;
  int absent = 0;
  for (const Format& format : formats) {
    if (format.present()) continue;
    ++absent;
    expect_error<DataError>([&] { load_dataset(write(folder / format.file, "x").string()); },
                            {format.file, format.library, format.package});
  }
  if (absent == 0) GTEST_SKIP() << "this build has all of the libraries";
}

}  // namespace
}  // namespace elbo::test
