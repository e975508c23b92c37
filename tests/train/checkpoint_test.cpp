// Model files and checkpoints: values are read back exactly, and files that do not fit are refused by name.

#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>

#include "elbo/error.h"
#include "io/safetensors.h"
#include "model/model_file.h"
#include "support/temp_folder.h"
#include "support/recipe_variants.h"
#include "support/training.h"

namespace elbo::test {
namespace {

Model trained_model(const Recipe& recipe, const Dataset& data) {
  Model model(recipe, data.dims(), device(), {3, 4, 1});
  train(model, data);
  return model;
}

/// The message of the error that `call` throws.
template <class E>
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

void expect_contains(const std::string& text, const std::vector<std::string>& fragments) {
  for (const auto& fragment : fragments) EXPECT_NE(text.find(fragment), std::string::npos) << text;
}

class ModelFileVariants : public testing::TestWithParam<RecipeVariant> {};

TEST_P(ModelFileVariants, ComesBackTheSame) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = GetParam().recipe();
  const Dataset data = GetParam().data(24, 8);
  TempFolder folder;
  Model model = trained_model(recipe, data);
  model.save(folder / "a.safetensors");
  Model loaded = Model::load(folder / "a.safetensors", device());
  loaded.save(folder / "b.safetensors");
  EXPECT_TRUE(io::read_file(folder / "a.safetensors") == io::read_file(folder / "b.safetensors"));
  EXPECT_EQ(loaded.recipe().to_toml(), recipe.to_toml());
  EXPECT_EQ(loaded.dims(), 12);
  EXPECT_EQ(loaded.picture(), (PictureShape{3, 4, 1}));
  EXPECT_EQ(loaded.parameter_count(), model.parameter_count());
  const Evaluation before = model.evaluate(data.validation), after = loaded.evaluate(data.validation);
  EXPECT_EQ(before.terms.elbo, after.terms.elbo);
  EXPECT_EQ(model.reconstruct(data.validation).values, loaded.reconstruct(data.validation).values);
}

INSTANTIATE_TEST_SUITE_P(Recipes, ModelFileVariants, testing::ValuesIn(recipe_variants()), VariantName());

TEST(ModelFile, HoldsEveryTensorByName) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  make_model(small_recipe(), patterned_data(8, 0)).save(folder / "m");
  const io::SafetensorsFile file(folder / "m");
  EXPECT_EQ(file.shape("encoder.hidden.0.weight"), (io::TensorShape{9, 12}));
  EXPECT_EQ(file.shape("encoder.mean.weight"), (io::TensorShape{3, 9}));
  EXPECT_EQ(file.shape("encoder.log_variance.bias"), (io::TensorShape{3}));
  EXPECT_EQ(file.shape("decoder.hidden.1.weight"), (io::TensorShape{9, 7}));
  EXPECT_EQ(file.shape("decoder.output.weight"), (io::TensorShape{12, 9}));
  EXPECT_EQ(file.tensors().size(), 12u);
}

TEST(ModelFile, ARunFolderGivesItsBestModelOrElseItsLast) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const Dataset data = patterned_data(24, 8);
  train_into(folder / "run", small_recipe(), data);
  Model::load(folder / "run", device()).save(folder / "best");
  EXPECT_TRUE(io::read_file(folder / "best") == io::read_file(folder / "run" / "model.safetensors"));
  std::filesystem::remove(folder / "run" / "model.safetensors");
  Model::load(folder / "run", device()).save(folder / "last");
  EXPECT_TRUE(io::read_file(folder / "last") == io::read_file(folder / "run" / "last.safetensors"));
  std::filesystem::remove(folder / "run" / "last.safetensors");
  expect_contains(message_of<IoError>([&] { Model::load(folder / "run", device()); }),
                  {"run", "model.safetensors"});
  EXPECT_THROW(Model::load(folder / "nowhere", device()), IoError);
}

TEST(ModelFile, ARunOfTwoRunsFilesIsRefused) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const Dataset data = patterned_data(24, 8);
  Recipe other = small_recipe();
  other.train.seed = 12;
  other.model.latent = 2;
  other.data.binarize = Binarize::threshold;
  train_into(folder / "run", small_recipe(), data);
  train_into(folder / "other", other, data);
  std::filesystem::copy_file(folder / "other" / "model.safetensors", folder / "run" / "model.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  expect_contains(message_of<DataError>([&] { Model::load(folder / "run", device()); }),
                  {"recipe.toml", "model.safetensors", "data.binarize", "threshold"});
  EXPECT_EQ(Model::load(folder / "run" / "model.safetensors", device()).latent(), 2);
}

TEST(ModelFile, ValuesThatAreNoNumbersAreRefused) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  Model model = trained_model(small_recipe(), patterned_data(8, 0));
  const nn::ParameterLayout& layout = state_of(model).vae->parameters().layout();
  TrainingArrays arrays = arrays_to_host(state_of(model));
  const auto spoil = [&](std::vector<float>& values, float value) {
    for (const nn::TensorInfo& tensor : layout.tensors) {
      if (tensor.name == "encoder.mean.bias") values[static_cast<std::size_t>(tensor.offset) + 1] = value;
    }
  };
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    TrainingArrays spoiled = arrays;
    spoil(spoiled.values, bad);
    save_model(folder / "m", state_of(model), spoiled.values);
    expect_contains(message_of<DataError>([&] { Model::load(folder / "m", device()); }),
                    {(folder / "m").string(), "encoder.mean.bias", "NaN"});
    spoiled = arrays;
    spoil(spoiled.second_moment, bad);
    save_checkpoint(folder / "c", state_of(model), {}, {}, spoiled);
    expect_contains(message_of<DataError>([&] { read_checkpoint(folder / "c", state_of(model), {}); }),
                    {(folder / "c").string(), "adam.second_moment.encoder.mean.bias", "NaN"});
  }
}

/// A model file with changes: tensors to leave out, to add or to give another shape, and texts to replace.
class AlteredModelFile : public testing::Test {
 protected:
  void SetUp() override {
    ELBO_REQUIRE_DEVICE();
    make_model(small_recipe(), patterned_data(8, 0)).save(folder_ / "good");
    const io::SafetensorsFile file(folder_ / "good");
    texts_ = file.metadata();
    for (const auto& [name, tensor] : file.tensors()) shapes_[name] = tensor.shape;
  }
  /// The DataError of loading the file with texts_ and shapes_.
  std::string refusal() {
    io::SafetensorsWriter writer;
    std::map<std::string, std::vector<float>> values;
    for (const auto& [key, text] : texts_) writer.text(key, text);
    for (const auto& [name, shape] : shapes_) {
      std::int64_t size = 1;
      for (const std::int64_t extent : shape) size *= extent;
      writer.tensor(name, shape, values[name] = std::vector<float>(static_cast<std::size_t>(size), 0.1f));
    }
    writer.write(folder_ / "bad");
    const std::string message = message_of<DataError>([&] { Model::load(folder_ / "bad", device()); });
    expect_contains(message, {(folder_ / "bad").string()});
    return message;
  }

  TempFolder folder_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, io::TensorShape> shapes_;
};

TEST_F(AlteredModelFile, MissingTensor) {
  shapes_.erase("encoder.mean.bias");
  expect_contains(refusal(), {"encoder.mean.bias"});
}

TEST_F(AlteredModelFile, UnknownTensor) {
  shapes_["encoder.hidden.7.weight"] = {2};
  expect_contains(refusal(), {"encoder.hidden.7.weight"});
}

TEST_F(AlteredModelFile, TensorOfAnotherShape) {
  shapes_["decoder.output.weight"] = {12, 8};
  expect_contains(refusal(), {"decoder.output.weight", "[12, 8]", "[12, 9]"});
}

TEST_F(AlteredModelFile, RecipeOfAnotherShape) {
  Recipe wide = small_recipe();
  wide.model.encoder = {16777216, 16777216};  // memory of that size must not be allocated
  texts_["elbo.recipe"] = wide.to_toml();
  expect_contains(refusal(), {"encoder.hidden.0"});
}

TEST_F(AlteredModelFile, NotElbos) {
  texts_.clear();
  expect_contains(refusal(), {"elbo.kind"});
}

TEST_F(AlteredModelFile, RecipeThatIsNone) {
  texts_["elbo.recipe"] = "model = nonsense";
  expect_contains(refusal(), {"elbo.recipe"});
}

TEST_F(AlteredModelFile, DimsThatAreNone) {
  for (const char* dims : {"", "0", "-12", "12 12", "1e3", "99999999999999999999"}) {
    texts_["elbo.dims"] = dims;
    refusal();
  }
}

TEST_F(AlteredModelFile, PictureThatIsNone) {
  texts_["elbo.picture"] = "28 28";
  expect_contains(refusal(), {"elbo.picture"});
}

TEST_F(AlteredModelFile, PictureOfAnotherSize) {
  texts_["elbo.picture"] = "28 28 1";
  refusal();
}

TEST_F(AlteredModelFile, HalfOfTheStatistics) {
  shapes_["standardize.mean"] = {12};
  expect_contains(refusal(), {"standardize.deviation"});
}

TEST(Checkpoint, ComesBackToTheBit) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(24, 8);
  TempFolder folder;
  Model model = trained_model(small_recipe(), data);
  const TrainingPosition position{2, 1, 7, {{1234.5, 0.1, 77.7}, 0}, 1, 99.25};
  const DataIdentity identity{0x12345678u, 0xffffffffu};
  const TrainingArrays arrays = arrays_to_host(state_of(model));
  save_checkpoint(folder / "c", state_of(model), identity, position, arrays);

  Model other = make_model(small_recipe(), data);
  state_of(other).picture = {3, 4, 1};
  if (const auto& choices = state_of(model).gemm_choices) {  // a resumed training begins with them
    state_of(other).set_gemm_choices(std::make_unique<ops::GemmChoices>(*choices));
  }
  const Checkpoint checkpoint = read_checkpoint(folder / "c", state_of(other), identity);
  const TrainingPosition& read = checkpoint.position;
  EXPECT_EQ(read.epoch, 2);
  EXPECT_EQ(read.epoch_steps, 1);
  EXPECT_EQ(read.steps, 7);
  EXPECT_EQ(read.record.sums[0], 1234.5);
  EXPECT_EQ(read.record.sums[1], 0.1);
  EXPECT_EQ(read.record.sums[2], 77.7);
  EXPECT_EQ(read.best_epoch, 1);
  EXPECT_EQ(read.best_objective, 99.25);
  arrays_to_device(state_of(other), checkpoint.arrays);
  const TrainingArrays back = arrays_to_host(state_of(other));
  EXPECT_EQ(back.values, arrays.values);
  EXPECT_EQ(back.first_moment, arrays.first_moment);
  EXPECT_EQ(back.second_moment, arrays.second_moment);
  save_checkpoint(folder / "again", state_of(other), identity, read, back);
  EXPECT_TRUE(io::read_file(folder / "again") == io::read_file(folder / "c"));
}

TEST(Checkpoint, KeepsTheStepsThatWereSkipped) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(24, 8);
  TempFolder folder;
  Recipe recipe = small_recipe();
  recipe.train.skip_norm = 100.0;
  Model model = trained_model(recipe, data);
  const TrainingArrays arrays = arrays_to_host(state_of(model));
  TrainingPosition position{2, 1, 7, {}, 1, 99.25};
  position.record.skipped.total = 3;
  position.record.skipped.in_a_row = 2;
  save_checkpoint(folder / "c", state_of(model), {}, position, arrays);
  const SkippedSteps read = read_checkpoint(folder / "c", state_of(model), {}).position.record.skipped;
  EXPECT_EQ(read.total, 3u);
  EXPECT_EQ(read.in_a_row, 2u);
  for (const auto& [total, in_a_row] : {std::pair{8u, 2u}, std::pair{1u, 2u}}) {
    position.record.skipped.total = total;
    position.record.skipped.in_a_row = in_a_row;
    save_checkpoint(folder / "c", state_of(model), {}, position, arrays);
    expect_contains(message_of<DataError>([&] { read_checkpoint(folder / "c", state_of(model), {}); }),
                    {"training.skipped"});
  }
}

TEST(Checkpoint, KeepsAnInfiniteBestLoss) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(24, 8);
  TempFolder folder;
  Model model = trained_model(small_recipe(), data);
  save_checkpoint(folder / "c", state_of(model), {}, {}, arrays_to_host(state_of(model)));
  EXPECT_EQ(read_checkpoint(folder / "c", state_of(model), {}).position.best_objective,
            std::numeric_limits<double>::infinity());
}

TEST(Checkpoint, IsNoModelAndAModelIsNoCheckpoint) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(24, 8);
  TempFolder folder;
  train_into(folder.path(), small_recipe(), data);
  expect_contains(message_of<DataError>([&] { Model::load(folder / "checkpoint.safetensors", device()); }),
                  {"checkpoint.safetensors", "is a checkpoint"});
  Model model = make_model(small_recipe(), data);
  expect_contains(
      message_of<DataError>([&] { read_checkpoint(folder / "last.safetensors", state_of(model), {}); }),
      {"last.safetensors", "is a model"});
}

TEST(Checkpoint, CountersThatContradictEachOtherAreRefused) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(24, 8);
  TempFolder folder;
  Model model = trained_model(small_recipe(), data);
  const TrainingArrays arrays = arrays_to_host(state_of(model));
  for (const TrainingPosition& bad :
       {TrainingPosition{-1, 0, 3, {}, 0, 0.0}, TrainingPosition{1, 4, 3, {}, 0, 0.0},
        TrainingPosition{1, 0, 3, {}, 2, 0.0}}) {
    save_checkpoint(folder / "c", state_of(model), {}, bad, arrays);
    expect_contains(message_of<DataError>([&] { read_checkpoint(folder / "c", state_of(model), {}); }),
                    {"counters"});
  }
}

}  // namespace
}  // namespace elbo::test
