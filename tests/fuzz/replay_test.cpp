// Runs every fuzz target without a fuzzer: on its seeds, on inputs that crashed it once, and on seeds that
// are damaged at random, always in the same way.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fuzz/seeds.h"
#include "fuzz/target.h"
#include "io/file.h"
#include "support/data.h"
#include "support/places.h"
#include "support/random.h"

namespace elbo::fuzz {
namespace {

/// The input with one to four places changed, copied over or cut.
std::string damaged(std::string input, test::Random& random) {
  const auto place = [&] { return static_cast<std::size_t>(random.below(std::ssize(input) + 1)); };
  for (std::int64_t changes = 1 + random.below(4); changes > 0 && !input.empty(); --changes) {
    const std::size_t at = std::min(place(), input.size() - 1), length = 1 + place() % 16;
    switch (random.below(6)) {
      case 0:
        input[at] = static_cast<char>(input[at] ^ 1 << random.below(8));
        break;
      case 1:
        input[at] = "\0\xFF\x7F\x80,\n\"09-"[random.below(10)];
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:
        input.insert(at, input.substr(std::min(place(), input.size()), length));
        break;
      case 4:
        input.replace(at, length, std::string(length, static_cast<char>(random.below(256))));
        break;
      default:
        if (random.below(4) == 0) input.resize(at);
    }
  }
  return input;
}

class FuzzReplay : public testing::TestWithParam<Target> {
 protected:
  static void run(const std::string& input, const std::string& what) {
    try {
      GetParam().run(input);
    } catch (const std::exception& error) {
      ADD_FAILURE() << GetParam().name << ", " << what << ": " << error.what()
                    << "\ninput: " << testing::PrintToString(input.substr(0, 2000));
    }
  }
  static const std::vector<std::string>& seeds_of_target() {
    static const auto all = seeds();
    return all.at(GetParam().name);
  }

 private:
  const test::Environment limit_{"ELBO_MEMORY_CHECK", "268435456"};
};

TEST_P(FuzzReplay, SeedsAndCrashes) {
  run("", "nothing");
  for (const std::string& seed : seeds_of_target()) run(seed, "a seed");
  const auto folder = test::project_folder() / "tests/fuzz/crashes" / GetParam().name;
  if (!std::filesystem::exists(folder)) return;  // none is known, or this is a bundle
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    run(io::read_file(entry.path()), entry.path().filename().string());
  }
}

TEST_P(FuzzReplay, DamagedSeeds) {
  constexpr int kTimes = 300;
  test::Random random(17);
  for (const std::string& seed : seeds_of_target()) {
    const int times = kTimes / static_cast<int>(seeds_of_target().size()) + 1;
    for (int i = 0; i < times && !HasFailure(); ++i) run(damaged(seed, random), "a damaged seed");
  }
}

std::vector<Target> sorted_targets() {
  std::vector<Target> all = targets();
  std::ranges::sort(all, {}, &Target::name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(sorted_targets()),
                         [](const auto& target) { return target.param.name; });

TEST(FuzzTargets, HaveSeeds) {
  std::set<std::string> with_seeds, named;
  for (const auto& [target, inputs] : seeds()) with_seeds.insert(target);
  for (const Target& target : targets()) named.insert(target.name);
  EXPECT_EQ(named, with_seeds);
}

}  // namespace
}  // namespace elbo::fuzz
