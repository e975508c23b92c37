#pragma once
// Trainings that differ by one change each, for tests that hold for all of them.

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "support/training.h"

namespace elbo::test {

/// The small recipe with one change; the variants cover every setting that affects a step.
struct RecipeVariant {
  std::string name;
  void (*change)(Recipe&);
  bool as_bytes = true;

  Recipe recipe() const {
    Recipe recipe = small_recipe();
    change(recipe);
    return recipe;
  }
  /// The variant's data: patterned_data(), or classes made from its values; every fifth value is missing if
  /// the recipe allows it.
  Dataset data(std::int64_t train, std::int64_t validation, std::int64_t dims = 12) const {
    Dataset data = patterned_data(train, validation, dims, as_bytes);
    if (dims == 12) data.picture = {3, 4, 1};
    const Recipe made = recipe();
    const auto classes = static_cast<float>(made.model.classes);
    for (Examples* examples : {&data.train, &data.validation}) {
      for (std::int64_t i = 0; i < examples->count && !made.model.condition.empty(); ++i) {
        const bool known = made.model.kind != "m2" || i % 3 == 0;
        examples->labels.push_back(known ? static_cast<std::int32_t>(3.99f * examples->value(i, 0))
                                         : kNoLabel);
      }
      for (std::int64_t i = 0; i < examples->count && !made.model.condition_kinds.empty(); ++i) {
        examples->conditions.rows = examples->count;
        examples->conditions.cols = 2;
        const float whole = std::floor(5.0f * examples->value(i, 1));
        examples->conditions.values.push_back(static_cast<float>(i % 3));
        examples->conditions.values.push_back(40.0f + 8.0f * whole);
      }
      for (std::size_t i = 0; i < examples->floats.size(); ++i) {
        float& value = examples->floats[i];
        if (made.model.likelihood == "categorical")
          value = std::min(std::floor(value * classes), classes - 1.0f);
        if (made.data.missing == MissingValues::mask && i % 5 == 2)
          value = std::numeric_limits<float>::quiet_NaN();
      }
    }
    return data;
  }
};

/// Names the tests of INSTANTIATE_TEST_SUITE_P.
inline void PrintTo(const RecipeVariant& variant, std::ostream* out) {
  *out << variant.name;
}

struct VariantName {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name;
  }
};

inline std::vector<RecipeVariant> recipe_variants() {
  return {
      {"plain", [](Recipe&) {}},
      {"beta", [](Recipe& r) { r.objective.beta = 0.3; }},
      {"sampled", [](Recipe& r) { r.objective.samples = 3; }},
      {"iwae",
       [](Recipe& r) {
         r.objective.kind = "iwae";
         r.objective.samples = 5;
       }},
      {"conditional", [](Recipe& r) { read_labels(r); }},
      {"conditional_accumulated",
       [](Recipe& r) {
         read_labels(r);
         r.model.activation = "gelu";
         r.objective.kind = "iwae";
         r.objective.samples = 3;
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
       }},
      {"conditional_prior",
       [](Recipe& r) {
         read_labels(r);
         r.model.prior = "conditional";
         r.objective.warmup_epochs = 1.5;
       }},
      {"conditional_prior_iwae",
       [](Recipe& r) {
         read_labels(r);
         r.model.prior = "conditional";
         r.model.prior_layers = {5};
         r.model.activation = "tanh";
         r.model.log_variance_bounds = {-6.0, 2.0};
         r.objective.kind = "iwae";
         r.objective.samples = 3;
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
         r.train.clip_norm = 0.5;
         r.train.ema = 0.5;
       }},
      {"conditional_columns", [](Recipe& r) { read_columns(r); }},
      {"conditional_columns_prior",
       [](Recipe& r) {
         read_columns(r);
         r.model.prior = "conditional";
       }},
      {"m2",
       [](Recipe& r) {
         infer_labels(r);
         r.train.batch = 10;  // two of them labelled: as many steps as with 8
         r.train.labelled_rows = 2;
       }},
      {"m2_accumulated",
       [](Recipe& r) {
         infer_labels(r);
         r.model.likelihood = "gaussian-shared";
         r.objective.beta = 0.5;
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
         r.train.clip_norm = 0.5;
       }},
      {"warmed_up", [](Recipe& r) { r.objective.warmup_epochs = 1.5; }},
      {"cyclical",
       [](Recipe& r) {
         r.objective.cycles = 2;
         r.objective.ramp_fraction = 0.6;
       }},
      {"mixture",
       [](Recipe& r) {
         r.model.prior = "mixture";
         r.model.components = 4;
         r.model.activation = "tanh";
         r.objective.samples = 2;
         r.train.clip_norm = 1.0;
       }},
      {"vamp",
       [](Recipe& r) {
         r.model.prior = "vamp";
         r.model.components = 5;
         r.model.activation = "tanh";
         r.model.log_variance_bounds = {-6.0, 2.0};
         r.objective.warmup_epochs = 1.5;
       }},
      {"vamp_accumulated",
       [](Recipe& r) {
         r.model.prior = "vamp";
         r.model.components = 3;
         r.objective.kind = "iwae";
         r.objective.samples = 3;
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
         r.train.ema = 0.5;
       }},
      {"vamp_missing",
       [](Recipe& r) {
         r.model.prior = "vamp";
         r.model.components = 3;
         r.model.likelihood = "categorical";
         r.model.classes = 3;
         r.model.encode_mask = true;
         r.data.missing = MissingValues::mask;
       },
       false},
      {"free_bits", [](Recipe& r) { r.objective.free_bits = 0.05; }},
      {"capacity",
       [](Recipe& r) {
         r.objective.beta = 4.0;
         r.objective.capacity = 1.5;
         r.objective.capacity_epochs = 2.0;
       }},
      {"sparse_code",
       [](Recipe& r) {
         r.model.kind = "autoencoder";
         r.objective.code_l1 = 0.1;
         r.objective.code_l2 = 0.05;
       }},
      {"noisy_input",
       [](Recipe& r) {
         r.objective.corruption = "gaussian";
         r.objective.corruption_amount = 0.3;
       }},
      {"masked_input",
       [](Recipe& r) {
         r.objective.corruption = "masking";
         r.objective.corruption_amount = 0.25;
       }},
      {"normalized", [](Recipe& r) { r.train.normalize_gradient = true; }},
      {"clipped", [](Recipe& r) { r.train.clip_norm = 0.05; }},
      {"adamax",
       [](Recipe& r) {
         r.train.optimizer = "adamax";
         r.train.weight_decay = 0.1;
       }},
      {"skipping",
       [](Recipe& r) {
         skip_some_steps(r, 3.0);
         r.train.ema = 0.5;
       }},
      {"skipping_clipped",
       [](Recipe& r) {
         skip_some_steps(r, 10.0);
         r.model.likelihood = "gaussian-shared";
         r.train.clip_norm = 0.05;
       }},
      {"skipping_normalized",
       [](Recipe& r) {
         skip_some_steps(r, 3.0);
         r.train.normalize_gradient = true;
       }},
      {"decayed", [](Recipe& r) { r.train.weight_decay = 0.1; }},
      {"staged",
       [](Recipe& r) {
         r.train.schedule = "staged";
         r.train.stage_epochs = {1, 2, 100};
         r.train.stage_rates = {0.02, 0.01, 0.002};
       }},
      {"cosine",
       [](Recipe& r) {
         r.train.schedule = "cosine";
         r.train.warmup_epochs = 0.8;
         r.train.final_learning_rate = 1e-4;
       }},
      {"burda",
       [](Recipe& r) {
         r.model.initialization = Initialization::glorot;
         r.model.output_bias = OutputBias::data;
         r.model.activation = "tanh";
         r.train.epsilon = 1e-4;
       }},
      {"sigmoid",
       [](Recipe& r) {
         r.model.likelihood = "gaussian-sigmoid";
         r.model.variance = 0.02;
       }},
      {"shared_variance",
       [](Recipe& r) {
         r.model.likelihood = "gaussian-shared";
         r.train.weight_decay = 0.1;
       }},
      {"shared_variance_iwae",
       [](Recipe& r) {
         r.model.likelihood = "gaussian-shared";
         r.objective.kind = "iwae";
         r.objective.samples = 3;
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
         r.train.clip_norm = 0.5;
         r.train.ema = 0.5;
       }},
      {"averaged", [](Recipe& r) { r.train.ema = 0.8; }},
      {"accumulated",
       [](Recipe& r) {
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
         r.train.weight_decay = 0.05;
       }},
      {"accumulated_clipped",
       [](Recipe& r) {
         r.train.batch = 2;
         r.train.accumulation_steps = 4;
         r.train.clip_norm = 0.05;
         r.train.ema = 0.5;
       }},
      {"autoencoder",
       [](Recipe& r) {
         r.model.kind = "autoencoder";
         r.model.likelihood = "gaussian";
       }},
      {"resampled", [](Recipe& r) { r.data.binarize = Binarize::dynamic; }},
      {"thresholded", [](Recipe& r) { r.data.binarize = Binarize::threshold; }},
      {"standardized",
       [](Recipe& r) {
         r.data.standardize = true;
         r.model.likelihood = "gaussian";
         r.model.activation = "gelu";
       },
       false},
      {"learned",
       [](Recipe& r) {
         r.model.likelihood = "gaussian-learned";
         r.model.activation = "tanh";
       },
       false},
      {"categorical",
       [](Recipe& r) {
         r.model.likelihood = "categorical";
         r.model.classes = 4;
         r.model.output_bias = OutputBias::data;
       },
       false},
      {"categorical_missing",
       [](Recipe& r) {
         r.model.likelihood = "categorical";
         r.model.classes = 3;
         r.model.encode_mask = true;
         r.data.missing = MissingValues::mask;
       },
       false},
      {"shared_variance_missing",
       [](Recipe& r) {
         r.model.likelihood = "gaussian-shared";
         r.data.missing = MissingValues::mask;
         r.objective.kind = "iwae";
         r.objective.samples = 3;
       },
       false},
      {"norms",
       [](Recipe& r) {
         r.model.encoder = {9, "norm batch", "residual 5"};
         r.model.decoder = {"norm layer", 8, "norm group 2", "dropout 0.2"};
       }},
      {"norms_iwae",
       [](Recipe& r) {
         r.model.encoder = {"norm batch", "dropout 0.1", 9};
         r.model.decoder = {"residual 4", 9, "norm batch", "dropout 0.3"};
         r.objective.kind = "iwae";
         r.objective.samples = 3;
         r.train.batch = 4;
         r.train.accumulation_steps = 2;
         r.train.clip_norm = 0.5;
         r.train.ema = 0.5;
       }},
      {"gated",
       [](Recipe& r) {
         r.model.encoder = {"gated 7", 6};
         r.model.decoder = {5, "gated 6"};
       }},
      {"convolutional",
       [](Recipe& r) {
         r.model.encoder = {12, "reshape 3x4x1", "conv 4", "gated conv 3 k2 s2 p1", 7};
         r.model.decoder = {6, "reshape 1x2x3", "deconv 2 k3 p0", "conv 3"};
         r.model.activation = "silu";
         r.objective.beta = 0.1;  // otherwise so few steps learn the mean alone
       }},
      {"tf32", [](Recipe& r) { r.train.precision = Precision::tf32; }},
      {"bf16", [](Recipe& r) { r.train.precision = Precision::bf16; }},
  };
}

}  // namespace elbo::test
