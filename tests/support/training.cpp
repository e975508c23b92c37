#include "support/training.h"

#include <nlohmann/json.hpp>
#include <sstream>

namespace elbo::test {
namespace {

/// metrics.jsonl without values that depend on time.
std::string timeless_metrics(const std::filesystem::path& folder) {
  std::istringstream lines(io::read_file(folder / "metrics.jsonl"));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    auto json = nlohmann::json::parse(line);
    json.erase("seconds");
    json.erase("examples_per_second");
    text += json.dump() + "\n";
  }
  return text;
}

}  // namespace

void expect_same_run(const std::filesystem::path& actual, const std::filesystem::path& expected) {
  for (const std::string& name : safetensors_of_a_run()) {
    EXPECT_TRUE(io::read_file(actual / name) == io::read_file(expected / name)) << name << " differs";
  }
  EXPECT_EQ(io::read_file(actual / "recipe.toml"), io::read_file(expected / "recipe.toml"));
  EXPECT_EQ(timeless_metrics(actual), timeless_metrics(expected));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(actual)) {
    ++files;
    EXPECT_NE(entry.path().extension(), ".part") << entry.path() << " was left behind";
  }
  EXPECT_EQ(files, 5u);
}

}  // namespace elbo::test
