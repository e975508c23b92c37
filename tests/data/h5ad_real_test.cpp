// Real AnnData files, beside h5py's reading of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"
#include "data/sources/hdf5_file.h"
#include "elbo/dataset.h"
#include "support/cli.h"
#include "support/data.h"
#include "support/file_formats.h"

namespace elbo {
namespace {

using test::TempFolder;
using test::write;

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

/// Compares what elbo read with what h5py reads, bit by bit. Exits with 77 where there is no h5py.
constexpr const char* kCompare = R"(
import sys
try:
    import h5py, numpy
except ImportError:
    sys.exit(77)
file, matrix, values, ids, columns = sys.argv[1:]
data = h5py.File(file, "r")
theirs = numpy.asarray(data[matrix]).astype("<f4")
ours = numpy.fromfile(values, "<u4")
assert ours.size == theirs.size, (ours.size, theirs.size)
different = numpy.count_nonzero(ours != theirs.ravel().view("<u4"))
assert different == 0, f"{different} of {ours.size} values differ"
for table, names in (("obs", ids), ("var", columns)):
    expected = [name.decode() for name in data[table]["index"]] if names else None
    assert not names or open(names, encoding="utf-8").read().split("\n") == expected, table
print(theirs.shape[0], theirs.shape[1], numpy.count_nonzero(theirs))
)";

std::string lines_of(const Names& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : "\n") + name;
  return text;
}

// The interpreter is python3, or what ELBO_PYTHON names.
TEST(DataH5adReal, CellsAreWhatH5pyReads) {
  if (!data::has_hdf5()) GTEST_SKIP() << "this elbo was built without libhdf5";
  const char* python = std::getenv("ELBO_PYTHON");
  test::CommandSettings interpreter;
  interpreter.program = "/usr/bin/env";
  const TempFolder place;
  for (const char* name : {"pbmc/pbmc_10k_protein_v3.h5ad", "pbmc/pbmc_5k_protein_v3.h5ad"}) {
    ELBO_REQUIRE_DATA(name);
    const std::string file = std::string(std::getenv("ELBO_DATA")) + "/" + name;
    for (const std::string matrix : {"X", "obsm/protein_expression"}) {
      const Dataset cells = load_dataset(file + ":" + matrix);
      EXPECT_EQ(cells.train.count, 200);
      const Floats all = to_table(cells.train, 0, cells.train.count).values;
      const auto values = write(place / "values", test::raw(all)),
                 ids = write(place / "ids", lines_of(cells.train.ids)),
                 columns = write(place / "columns", lines_of(cells.columns));
      EXPECT_EQ(cells.columns.empty(), matrix != "X");
      const auto compared =
          test::run_elbo({python ? python : "python3", "-c", kCompare, file, matrix, values.string(),
                          ids.string(), matrix == "X" ? columns.string() : ""},
                         interpreter);
      if (compared.code == 77) GTEST_SKIP() << "no h5py for " << (python ? python : "python3");
      EXPECT_EQ(compared.code, 0) << file << ':' << matrix << '\n' << compared.err;
      const auto nonzero = std::ranges::count_if(all, [](float value) { return value != 0; });
      EXPECT_EQ(compared.out, concat(cells.train.count, ' ', cells.dims(), ' ', nonzero, '\n'));
    }
  }
}

}  // namespace
}  // namespace elbo
