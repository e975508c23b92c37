// The memory of a training: as large as it says, and compared with what there is before it is allocated.

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <filesystem>

#include "elbo/training_memory.h"
#include "model/state.h"
#include "support/allocations.h"
#include "support/cli.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

constexpr std::size_t kMegabyte = 1'000'000;

std::size_t array_bytes(const Recipe& recipe, const Dataset& data) {
  const Model model(recipe, data.dims(), Device::cpu());
  return sizeof(float) * static_cast<std::size_t>(state_of(model).vae->parameters().layout().size);
}

TEST(TrainingMemory, CountsArrays) {
  Recipe recipe = small_recipe();
  const Dataset data = patterned_data(40, 16);
  const std::size_t array = array_bytes(recipe, data);
  TrainingMemory memory = training_memory(recipe, data, Device::cpu());
  EXPECT_EQ(memory.parameters, 4 * array);  // values, gradient, two moments
  EXPECT_EQ(memory.copies, 4 * array);      // values, two moments, the best values
  EXPECT_EQ(memory.data, 40u * 12 + 8 * (40 + 40 + 16));
  recipe.train.ema = 0.9;
  memory = training_memory(recipe, data, Device::cpu());
  EXPECT_EQ(memory.parameters, 5 * array);
  EXPECT_EQ(memory.copies, 5 * array);
  recipe.train.ema = 0.0;
  EXPECT_EQ(training_memory(recipe, patterned_data(40, 0), Device::cpu()).copies, 3 * array);
}

TEST(TrainingMemory, CountsABatch) {
  Recipe recipe = small_recipe();
  recipe.model.encoder = {1000};
  const Dataset data = patterned_data(4096, 0);
  const auto activations = [&](std::int64_t batch) {
    recipe.train.batch = batch;
    return training_memory(recipe, data, Device::cpu()).activations;
  };
  const std::size_t small = activations(1024), large = activations(2048);
  EXPECT_GE(small, 2 * sizeof(float) * 1024 * 1000) << "a layer's output and its gradient";
  EXPECT_NEAR(static_cast<double>(large) / static_cast<double>(small), 2.0, 0.01);
  EXPECT_EQ(activations(1 << 20), activations(4096)) << "no batch is larger than the data";
  recipe.train.precision = Precision::bf16;
  EXPECT_EQ(activations(1024), small + 2 * sizeof(float) * 1024 * 1000) << "rounded operands";
}

TEST(TrainingMemory, CountsTheDataAgainIfItIsDivided) {
  Recipe recipe = small_recipe();
  const Dataset data = patterned_data(40, 0, 12, false);
  recipe.data.limit = 10;
  EXPECT_EQ(training_memory(recipe, data, Device::cpu()).data, sizeof(float) * 12 * (10 + 40) + 8 * 20);
}

TEST(TrainingMemory, IsComparedBeforeTheModelIsMade) {
  const Environment limit("ELBO_MEMORY_CHECK", "100000000");
  Recipe recipe = small_recipe();
  const Dataset data = patterned_data(40, 0);
  check_memory(recipe, data, Device::cpu());
  recipe.model.encoder = {200'000, 200'000};  // 160 GB an array
  expect_error<OutOfMemoryError>(
      [&] { check_memory(recipe, data, Device::cpu()); },
      {"the training (parameters 640", "activations", "copies", "100 MB are free"});
}

TEST(TrainingMemory, IsComparedBeforeATraining) {
  ELBO_REQUIRE_DEVICE();
  if (device().is_cuda()) GTEST_SKIP() << "a GPU's memory is its driver's to refuse";
  const TempFolder folder;
  Recipe recipe = small_recipe();
  recipe.model.encoder = {3000, 3000};
  const Dataset data = patterned_data(40, 0);
  Model model(recipe, data.dims(), device());
  {
    const Environment limit("ELBO_MEMORY_CHECK", "100000000");
    TrainOptions options;
    options.folder = folder / "run";
    expect_error<OutOfMemoryError>(
        [&] { train(model, data, options); },
        {"out of memory: the training (parameters 1", " MB, activations ", "100 MB are free"});
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run")) << "nothing is written";
  EXPECT_TRUE(state_of(model).fresh);
  EXPECT_FALSE(state_of(model).vae->parameters().ready_to_train()) << "nothing is allocated";
  const Environment off("ELBO_MEMORY_CHECK", "off");
  recipe.train.epochs = 0;
  Model untrained(recipe, data.dims(), device());
  train(untrained, data);
}

TEST(CliTrainingMemory, IsComparedFirst) {
  const TempFolder folder;
  const Environment limit("ELBO_MEMORY_CHECK", "100000000");
  const std::vector<std::vector<std::string>> commands = {
      {"train", "digits"}, {"train", "digits", "--repeat", "2"}, {"select", "digits", "--latent", "1,2"}};
  for (std::vector<std::string> arguments : commands) {
    arguments.insert(arguments.end(), {"--device", "cpu", "--set", "model.encoder=[200000,200000]", "--out",
                                       (folder / "run").string()});
    expect_complaint(run_elbo(arguments), 1,
                     {"out of memory: the training (parameters 6", "100 MB are free"});
    EXPECT_FALSE(std::filesystem::exists(folder / "run")) << "nothing is made";
  }
}

// The largest resident size of a process that trains, beside what it says.
TEST(CliTrainingMemory, IsThePeakOfATraining) {
  if (sanitized()) GTEST_SKIP() << "the sanitizers have memory of their own";
  const TempFolder folder;
  std::string table;
  for (int row = 0; row < 64; ++row) {
    for (int column = 0; column < 1000; ++column)
      table += std::to_string((row * 7 + column * 3) % 11) + (column < 999 ? "," : "\n");
  }
  write(folder / "table.csv", table);
  Recipe recipe;
  recipe.set("data.name=" + (folder / "table.csv").string());
  recipe.set("model.encoder=[2000,2000]");
  recipe.set("model.decoder=[2000,2000]");
  recipe.set("model.likelihood=gaussian");
  recipe.set("train.epochs=1");
  write(folder / "recipe.toml", recipe.to_toml());
  const Dataset data = load_dataset(recipe);
  const auto told = static_cast<double>(training_memory(recipe, data, Device::cpu()).total());
  const auto result = run_elbo({"train", (folder / "recipe.toml").string(), "--device", "cpu", "--out",
                                (folder / "run").string(), "--quiet"});
  ASSERT_EQ(result.code, 0) << result.err;
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const double peak = 1024.0 * static_cast<double>(usage.ru_maxrss);
  EXPECT_LT(peak, told + 100.0 * kMegabyte) << "told: " << told;
  EXPECT_GT(peak, 0.8 * told);
}

}  // namespace
}  // namespace elbo::test
