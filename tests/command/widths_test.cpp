// Reports in terminals of 40, 80 and 120 columns.

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "base/check.h"
#include "support/cli.h"
#include "support/file_formats.h"
#include "tools/elbo/reports/report.h"

namespace elbo::test {
namespace {

constexpr std::size_t kWidths[] = {40, 80, 120};

/// 80 rows of a table with columns of all kinds, every tenth of them odd.
void write_table(const std::filesystem::path& file) {
  std::string text = "customer_id,income_before_all_taxes,b,plan,since,comment,class\n";
  for (int i = 0; i < 80; ++i) {
    const double t = std::sin(1.7 * i);
    text += concat("customer-number-", i, ",", 50000.0 + 12345.6789 * t, ",", i % 10 ? t : 9.0 + t, ",",
                   i % 3 ? "professional" : "basic", ",2024-01-", 10 + i % 20, ",comment ", i, ",",
                   i % 10 ? "normal" : "fraudulent", "\n");
  }
  write(file, text);
}

/// The command at a width, in a folder.
std::string at_width(const TempFolder& folder, std::size_t width, std::vector<std::string> arguments) {
  CommandSettings settings;
  settings.folder = folder.path().string();
  settings.environment = {"COLUMNS=" + std::to_string(width)};
  const bool on_device = arguments[0] == "train" || arguments[0] == "eval" || arguments[0] == "anomalies";
  if (on_device) arguments.insert(arguments.end(), {"--device", device().name()});
  const auto result = run_elbo(arguments, settings);
  EXPECT_EQ(result.code, 0) << result.err;
  return result.out;
}

/// Expects lines to fit, but for commands to copy and words that are too long.
void expect_fits(const std::string& text, std::size_t width) {
  EXPECT_FALSE(text.empty());
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool one_word = line.find_first_of(' ', line.find_first_not_of(' ')) == std::string::npos;
    if (line.starts_with("  elbo ") || one_word) continue;
    EXPECT_LE(command::characters(line), width) << line;
  }
}

TEST(CliWidths, HelpAndLists) {
  const TempFolder folder;
  for (const std::size_t width : kWidths) {
    for (const char* command : {"train", "eval", "anomalies", "edit", "impute", "encode", "data"})
      expect_fits(at_width(folder, width, {"help", command}), width);
    expect_fits(at_width(folder, width, {"--help"}), width);
    expect_fits(at_width(folder, width, {"recipe", "list"}), width);
    expect_fits(at_width(folder, width, {"data", "list"}), width);
    expect_fits(at_width(folder, width, {"info"}), width);
  }
  const std::string narrow = at_width(folder, 40, {"help", "eval"});
  EXPECT_SAYS(narrow, "  --split TEXT\n      train, validation, test, or all:\n      every row ");
  const std::string usual = at_width(folder, 80, {"help", "eval"});
  EXPECT_SAYS(usual,
              "  --split TEXT                train, validation, test, or all: every row of a\n"
              "                              file in order");
}

TEST(CliWidths, DataShow) {
  const TempFolder folder;
  write_table(folder / "customers.csv");
  write(folder / "photos/a/1.png", png(640, 4, 3));
  write(folder / "photos/b/2.png", png(64, 48, 1));
  write_pictures(folder / "pictures", 30, 12);
  for (const std::size_t width : kWidths) {
    for (const char* data : {"customers.csv", "photos", "pictures", "gaussian2d"})
      expect_fits(at_width(folder, width, {"data", "show", data}), width);
    expect_fits(at_width(folder, width, {"data", "show", "customers.csv", "--set", "data.test=0.2"}), width);
  }
  const std::string narrow = at_width(folder, 40, {"data", "show", "customers.csv"});
  EXPECT_SAYS(narrow, "column      kind         present missing\n         min      max     mean     dev.\n");
  EXPECT_SAYS(narrow, "plan        binary            80       0\n    2 levels: professional 53, basic 27\n");
}

TEST(CliWidths, TrainEvalAndAnomalies) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write_table(folder / "customers.csv");
  for (const std::size_t width : kWidths) {
    expect_fits(
        at_width(folder, width,
                 {"train", "--data", "customers.csv", "--out", "run", "--force", "--epochs", "1", "--set",
                  "model.encoder=[8]", "--set", "model.decoder=[8]", "--set", "data.test=0.2", "--quiet"}),
        width);
    expect_fits(at_width(folder, width, {"eval", "run", "--nll-samples", "2", "--anomaly"}), width);
    expect_fits(at_width(folder, width, {"anomalies", "run", "--split", "train"}), width);
  }
}

}  // namespace
}  // namespace elbo::test
