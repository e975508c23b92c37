#pragma once
// Helpers of the command's tests: small trainings, small data, and checks of error messages.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "support/data.h"
#include "support/device.h"
#include "support/expect_says.h"
#include "support/run_command.h"

namespace elbo::test {

/// "train" on the device under test with a network small enough for emulated kernels; the test's own
/// arguments come last and take precedence.
inline std::vector<std::string> small_training(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"train"};
  const bool recipe = !arguments.empty() && !arguments[0].starts_with("-");
  if (recipe) all.push_back(arguments[0]);
  all.insert(all.end(),
             {"--device", device().name(), "--set", "model.encoder=[8]", "--set", "model.decoder=[8]"});
  all.insert(all.end(), arguments.begin() + (recipe ? 1 : 0), arguments.end());
  return all;
}

/// Trains on three columns of a table, long enough to learn them, and returns the run's folder.
inline std::string train_columns(const std::string& data, const std::string& run,
                                 const std::vector<std::string>& more) {
  auto arguments =
      small_training({"--data", data, "--out", run, "--epochs", "40", "--batch", "20", "--set",
                      "model.latent=2", "--set", "model.likelihood=gaussian", "--set", "model.variance=0.1",
                      "--set", "data.standardize=true", "--set", "train.learning_rate=0.01", "--quiet"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  const CommandResult trained = run_elbo(arguments);
  EXPECT_EQ(trained.code, 0) << trained.err;
  return run;
}

/// A folder of IDX files with pictures of 6 × 5 grey values and labels 0 … 2.
inline std::string write_pictures(const std::filesystem::path& folder, int train, int test) {
  const auto big_endian = [](int value) {
    return std::string{static_cast<char>(value >> 24), static_cast<char>(value >> 16),
                       static_cast<char>(value >> 8), static_cast<char>(value)};
  };
  for (const auto& [prefix, count] : {std::pair{"train", train}, std::pair{"t10k", test}}) {
    std::string images = big_endian(0x803) + big_endian(count) + big_endian(6) + big_endian(5);
    std::string labels = big_endian(0x801) + big_endian(count);
    for (int i = 0; i < count; ++i) {
      for (int j = 0; j < 30; ++j) images += static_cast<char>((i * 37 + j * j * 11 + (i % 3) * 80) % 256);
      labels += static_cast<char>(i % 3);
    }
    write(folder / (std::string(prefix) + "-images-idx3-ubyte"), images);
    write(folder / (std::string(prefix) + "-labels-idx1-ubyte"), labels);
  }
  return folder.string();
}

/// Expects exit code `code`, nothing on standard output, and on standard error one to three lines that begin
/// with "elbo: " and contain all of `parts`.
inline void expect_complaint(const CommandResult& result, int code, const std::vector<std::string>& parts) {
  EXPECT_EQ(result.code, code) << result.err;
  EXPECT_EQ(result.out, "");
  const auto start = result.err.rfind("elbo: ");
  ASSERT_NE(start, std::string::npos) << result.err;
  const auto message = result.err.substr(start);
  for (const auto& part : parts) EXPECT_SAYS(message, part);
  const auto lines = std::count(message.begin(), message.end(), '\n');
  EXPECT_GE(lines, 1) << message;
  EXPECT_LE(lines, 3) << message;
}

}  // namespace elbo::test
