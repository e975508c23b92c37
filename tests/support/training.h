#pragma once
// Small, fast trainings for the tests of training, resuming and checkpoints.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "elbo/train.h"
#include "io/file.h"
#include "support/device.h"
#include "support/random.h"

namespace elbo::test {

/// Examples of `dims` values in [0, 1] that share a few patterns, so that there is something to learn.
inline Examples patterned_examples(std::int64_t count, std::int64_t dims, std::uint64_t seed, bool as_bytes) {
  Random random(seed);
  Examples examples;
  examples.count = count;
  examples.dims = dims;
  for (std::int64_t i = 0; i < count; ++i) {
    const double phase = static_cast<double>(random.below(4)), strength = 0.6 + 0.4 * random.unit();
    for (std::int64_t j = 0; j < dims; ++j) {
      const double value = 0.5 + 0.5 * strength * std::sin(0.9 * static_cast<double>(j) + 1.6 * phase);
      if (as_bytes) {
        examples.bytes.push_back(static_cast<std::uint8_t>(std::lround(255.0 * value)));
      } else {
        examples.floats.push_back(static_cast<float>(value));
      }
    }
  }
  return examples;
}

inline Dataset patterned_data(std::int64_t train, std::int64_t validation, std::int64_t dims = 12,
                              bool as_bytes = true) {
  Dataset data;
  data.name = "patterns";
  data.train = patterned_examples(train, dims, 1, as_bytes);
  if (validation > 0) data.validation = patterned_examples(validation, dims, 2, as_bytes);
  return data;
}

/// For rows of about 12 values: batches of 8, three epochs.
inline Recipe small_recipe() {
  Recipe recipe;
  recipe.name = "small";
  recipe.data.name = "patterns";
  recipe.model.encoder = {9};
  recipe.model.decoder = {7, 9};
  recipe.model.latent = 3;
  recipe.train.batch = 8;
  recipe.train.epochs = 3;
  recipe.train.learning_rate = 0.01;
  recipe.train.seed = 11;
  recipe.train.precision = Precision::fp32;  // the trainings for comparison are in fp32
  return recipe;
}

/// Skips steps whose gradient is above `norm`. The KL's weight rises from 0 to a large value three times, so
/// that some gradients are small and some large for any noise.
inline void skip_some_steps(Recipe& recipe, double norm) {
  recipe.objective.beta = 50.0;
  recipe.objective.cycles = 3;
  recipe.train.skip_norm = norm;
}

/// Conditions a model on four labels.
inline void read_labels(Recipe& recipe) {
  recipe.model.condition = {"label"};
  recipe.model.condition_classes = {"a", "b", "c", "d"};
}

/// Conditions a model on a column of three levels, on a number and on the label.
inline void read_columns(Recipe& recipe) {
  read_labels(recipe);
  recipe.model.condition = {"sex", "age", "label"};
  recipe.model.condition_kinds = {"categorical 3", "numeric", "categorical 4"};
}

/// The same for a model that infers labels.
inline void infer_labels(Recipe& recipe) {
  read_labels(recipe);
  recipe.model.kind = "m2";
  recipe.model.classifier = {6};
}

inline Model make_model(const Recipe& recipe, const Dataset& data) {
  return Model(recipe, data.dims(), device(), data.picture);
}

/// A training of a new model.
inline TrainReport train_anew(const Recipe& recipe, const Dataset& data, const TrainOptions& options) {
  Model model = make_model(recipe, data);
  return train(model, data, options);
}

/// Saves every epoch, so that the files do not depend on time.
inline TrainOptions run_options(const std::filesystem::path& folder, bool resume = false) {
  TrainOptions options;
  options.folder = folder;
  options.resume = resume;
  options.saving_share = 1.0;
  return options;
}

inline TrainReport train_into(const std::filesystem::path& folder, const Recipe& recipe, const Dataset& data,
                              bool resume = false) {
  return train_anew(recipe, data, run_options(folder, resume));
}

inline const std::vector<std::string>& safetensors_of_a_run() {
  static const std::vector<std::string> kNames = {"model.safetensors", "last.safetensors",
                                                  "checkpoint.safetensors"};
  return kNames;
}

/// Expects two runs to have the same bytes, except for timings.
void expect_same_run(const std::filesystem::path& actual, const std::filesystem::path& expected);

}  // namespace elbo::test
