// elbo impute leaves what is present as it is.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

/// Trains briefly on three columns, some of whose cells are missing.
std::string train_on_gaps(const TempFolder& folder, const std::string& data) {
  return train_columns(data, folder / "run", {"--set", "data.validation=0", "--set", "data.missing=mask"});
}

CommandResult impute(const std::string& run, std::vector<std::string> more) {
  more.insert(more.begin(), {"impute", run, "--samples", "20", "--device", device().name()});
  return run_elbo(more);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(CliImpute, PresentCellsOfATableStayAsTheyAre) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string text = "id,a,b,c\n";
  for (int i = 0; i < 30; ++i) {
    char line[96];
    std::snprintf(line, sizeof line, "r%d,%.15f,%s,%d.50\n", i, std::sin(1.7 * i), i % 5 ? "2.000" : "", i);
    text += line;
  }
  const auto data = write(folder / "rows.csv", text).string();
  const auto run = train_on_gaps(folder, data);
  const auto result = impute(run, {"--data", data});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto before = lines_of(text), after = lines_of(io::read_file(run + "/imputed.csv")),
             low = lines_of(io::read_file(run + "/imputed-low.csv"));
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 1; i < after.size(); ++i) {
    const bool missing = i % 5 == 1;
    EXPECT_EQ(after[i] == before[i], !missing) << after[i];
    EXPECT_TRUE(after[i].ends_with(before[i].substr(before[i].rfind(',')))) << after[i];
    EXPECT_TRUE(after[i].starts_with(before[i].substr(0, before[i].find(',', 4)))) << after[i];
    EXPECT_EQ(after[i].find(",,"), std::string::npos) << after[i];
    EXPECT_TRUE(missing || before[i].ends_with(low[i])) << low[i];
  }
}

TEST(CliImpute, ArraysOfDoublesStayDoubles) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::vector<double> values;
  for (int i = 0; i < 90; ++i) values.push_back(i % 7 ? std::sin(1.7 * i) : std::nan(""));
  const auto data = write(folder / "rows.npy", npy("<f8", "(30, 3)", values)).string();
  const auto run = train_on_gaps(folder, data);
  const std::string out = folder / "full.npy", table = folder / "full.csv";
  ASSERT_EQ(impute(run, {"--out", out}).code, 0);
  const std::string bytes = io::read_file(out);
  EXPECT_SAYS(bytes.substr(0, 128), "'descr': '<f8'");
  ASSERT_GE(bytes.size(), values.size() * sizeof(double));
  std::vector<double> full(values.size());
  std::memcpy(full.data(), bytes.data() + bytes.size() - full.size() * sizeof(double),
              full.size() * sizeof(double));
  for (std::size_t i = 0; i < full.size(); ++i) {
    EXPECT_FALSE(std::isnan(full[i])) << i;
    EXPECT_TRUE(std::isnan(values[i]) || full[i] == values[i]) << i;
  }
  ASSERT_EQ(impute(run, {"--out", table}).code, 0);
  const auto written = lines_of(io::read_file(table));
  ASSERT_EQ(written.size(), 31u);
  EXPECT_EQ(std::stod(written[2].substr(0, written[2].find(','))), values[3]);
}

}  // namespace
}  // namespace elbo::test
