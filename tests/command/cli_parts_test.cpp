// Parts of the command that a separate process would test only roughly: tables as files, numbers as words.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "elbo/elbo.h"
#include "io/file.h"
#include "support/data.h"
#include "tools/elbo/commands/command.h"
#include "tools/elbo/drawing/figures.h"
#include "tools/elbo/drawing/pictures.h"
#include "tools/elbo/reports/progress.h"
#include "tools/elbo/commands/run_argument.h"
#include "tools/elbo/reports/table_file.h"

namespace elbo::command {
namespace {

using test::TempFolder;

TEST(CliParts, TablesReadBackBitForBit) {
  const TempFolder folder;
  const Table first{2, 3, {1.0f, -0.1f, 1e-30f, 3.4e38f, 0.0f, 1.0f / 3.0f}},
      second{1, 3, {5.5f, 16777217.0f, -2e-7f}};
  for (const char* name : {"table.npy", "table.csv"}) {
    TableFile file(folder / name, 3, {"a", "b", "c"});
    file.append(first);
    file.append(second);
    EXPECT_FALSE(std::filesystem::exists(folder / name)) << "before it is whole";
    file.commit();
    const auto read = load_dataset((folder / name).string()).train;
    ASSERT_EQ(read.count, 3) << name;
    ASSERT_EQ(read.dims, 3) << name;
    auto expected = first.values;
    expected.insert(expected.end(), second.values.begin(), second.values.end());
    EXPECT_EQ(read.floats, expected) << name;
  }
}

TEST(CliParts, NpyHeaderIsAlignedAsNumpyAsks) {
  const TempFolder folder;
  for (const std::int64_t rows : {1, 9, 10, 99999, 1234567}) {
    TableFile file(folder / "x.npy", rows, numbered("x", 1));
    file.append({rows, 1, std::vector<float>(static_cast<std::size_t>(rows))});
    file.commit();
    const auto bytes = io::read_file(folder / "x.npy");
    EXPECT_EQ((bytes.size() - static_cast<std::size_t>(rows) * 4) % 64, 0u);
    EXPECT_EQ(bytes[bytes.size() - static_cast<std::size_t>(rows) * 4 - 1], '\n');
  }
}

TEST(CliParts, TablesKnowTheirShape) {
  const TempFolder folder;
  TableFile file(folder / "x.csv", 2, {"a \"quoted\", comma", "b"});
  EXPECT_THROW(file.append({1, 3, {1, 2, 3}}), ShapeError);
  file.append({1, 2, {1.0f, 2.0f}});
  EXPECT_THROW(file.commit(), ShapeError) << "a row is missing";
  file.append({1, 2, {3.0f, 4.0f}});
  file.commit();
  EXPECT_EQ(io::read_file(folder / "x.csv"), "\"a \"\"quoted\"\", comma\",b\n1,2\n3,4\n");
  test::expect_error<ConfigError>([&] { TableFile(folder / "x.txt", 1, {"a"}); }, {"x.txt", ".npy", ".csv"});
}

TEST(CliParts, NumbersInWords) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1234567.4), "1,234,567");
  EXPECT_EQ(with_commas(-1234), "-1,234");
  EXPECT_EQ(with_commas(std::numeric_limits<double>::quiet_NaN()), "?");
  EXPECT_EQ(duration(0.04), "0.0 s");
  EXPECT_EQ(duration(9.96), "10 s");
  EXPECT_EQ(duration(59.6), "1:00 min");
  EXPECT_EQ(duration(187), "3:07 min");
  EXPECT_EQ(duration(8100), "2:15 h");
  EXPECT_EQ(duration(INFINITY), "?");
}

TEST(CliParts, SplitsAreChosenByNameOrTheBestThereIs) {
  auto data = Dataset::from_floats({1, 2, 3, 4}, 1);
  std::string split;
  EXPECT_EQ(&choose_split(data, split), &data.train);
  EXPECT_EQ(split, "train");
  data.validation = data.train;
  split.clear();
  EXPECT_EQ(&choose_split(data, split), &data.validation);
  data.test = data.train;
  split.clear();
  EXPECT_EQ(&choose_split(data, split), &data.test);
  split = "train";
  EXPECT_EQ(&choose_split(data, split), &data.train);
  data.test = {};
  test::expect_error<DataError>([&] { choose_split(data, split = "test"); }, {"no test split"});
  test::expect_error<ConfigError>([&] { choose_split(data, split = "tset"); }, {"\"test\""});
}

TEST(CliParts, ScatterPlotsHaveOneScaleForBothAxes) {
  // Points ten wide and a tenth high must look as flat.
  const Table points{4, 2, {0.0f, 0.0f, 10.0f, 0.1f, 4.0f, 0.05f, 6.0f, 0.05f}};
  const auto canvas = draw_scatter({{"", points, {}, 0}});
  std::int64_t left = canvas.width(), right = 0, top = canvas.height(), bottom = 0;
  for (std::int64_t y = 0; y < canvas.height(); ++y) {
    for (std::int64_t x = 0; x < canvas.width(); ++x) {
      const auto at = canvas.at(x, y);
      if (at.blue < at.red + 60) continue;
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
    }
  }
  EXPECT_GT(right - left, 300);
  EXPECT_LT(bottom - top, 20);
  EXPECT_GT(bottom, top);
}

TEST(CliParts, NoFileTakesTheNumberOfAClosedStream) {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    EXPECT_EXIT(
        {
          close(stream);
          occupy_standard_streams();
          char byte = 0;
          const bool unusable =
              stream == STDIN_FILENO ? read(stream, &byte, 1) < 0 : write(stream, &byte, 1) < 0;
          _exit(unusable && open("/dev/null", O_WRONLY) > STDERR_FILENO ? 0 : 1);
        },
        testing::ExitedWithCode(0), "")
        << stream;
  }
}

TEST(CliParts, WalksJoinDifferentLabels) {
  Examples examples;
  examples.count = 6;
  examples.labels = {4, 4, 4, 1, 1, 4};
  const auto pairs = walk_pairs(examples, 5);
  using Pair = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(pairs, (std::vector<Pair>{{0, 3}, {4, 5}}));
  examples.labels.clear();
  EXPECT_EQ(walk_pairs(examples, 2), (std::vector<Pair>{{0, 3}, {1, 4}}));
  examples.count = 1;
  EXPECT_TRUE(walk_pairs(examples, 2).empty());
}

}  // namespace
}  // namespace elbo::command
