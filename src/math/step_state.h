#pragma once
// The state that changes from one training step to the next. It is on the device, so that a step can be
// replayed without the host. Shared by the ops, their kernels and the step runner.

#include <cstdint>

#include "math/host_device.h"

namespace elbo {

/// A schedule's values for one step.
struct StepRates {
  float learning_rate = 0.0f;
  float kl_weight = 1.0f;  ///< β
  float capacity = 0.0f;   ///< C, of the KL
};

/// Counters and rates of one step. It is in device memory; `ops::advance_step` advances it.
struct StepState {
  std::uint64_t step = 0;        ///< number of optimizer steps begun; 1 during the first
  std::uint64_t noise_time = 0;  ///< the time that keys noise: the step while training, 0 in evaluation
  std::int64_t cursor = 0;       ///< where this batch begins in the permutation
  std::int64_t next_cursor = 0;  ///< where the next batch begins
  std::int64_t epoch_steps = 0;  ///< number of steps of this epoch begun
  float learning_rate = 0.0f;
  float kl_weight = 1.0f;         ///< β
  float capacity = 0.0f;          ///< C, of the KL
  float bias_correction1 = 1.0f;  ///< 1 − β₁ᵗ (Kingma & Ba 2015, Algorithm 1)
  float bias_correction2 = 1.0f;  ///< 1 − β₂ᵗ
  /// Not 0 if this step is skipped. Everything that the step would change stays: parameters, moments, the
  /// running average, and values that parts update after it. Known once the whole gradient is.
  std::uint32_t skipped = 0;
};

/// Counts of the steps skipped since the training began. They are in device memory; `ops::skip_beyond`
/// counts.
struct SkippedSteps {
  std::uint64_t total = 0;
  std::uint64_t in_a_row = 0;  ///< skipped in a row, up to the last step
  std::uint64_t stuck_at = 0;  ///< the step at which in_a_row reached kMaxSkippedInARow; 0: none
  double last_norm = 0.0;      ///< gradient norm of the last skipped step
};

/// A training that skips this many steps in a row is stuck.
inline constexpr std::uint64_t kMaxSkippedInARow = 20;

/// The purpose of a random number. It is part of the address, so that two uses never share a number.
enum class NoisePurpose : std::uint32_t {
  reparameterize = 1,
  binarize = 2,
  shuffle = 3,
  initialize = 4,
  prior_sample = 5,
  importance = 6,
  likelihood_sample = 7,
  anneal_start = 8,     ///< first points of annealed importance sampling's chains
  anneal_velocity = 9,  ///< velocities of their moves
  anneal_accept = 10,   ///< acceptance of their moves
  corrupt = 11,
  dropout = 12,
};

/// The source of noise: with a dimension, it addresses one number (see math/philox.h). Pointers are to device
/// memory, so that a captured step reads their current values.
struct NoiseSource {
  std::uint64_t seed = 0;
  NoisePurpose purpose = NoisePurpose::reparameterize;
  const std::uint64_t* time = nullptr;     ///< step or epoch; null means 0
  const std::int64_t* examples = nullptr;  ///< [batch] indices in the dataset; null means row i is example i
  std::int64_t first_sample = 0;           ///< number of the first sample, when K samples come in chunks
  std::int64_t stream = 0;            ///< a layer's number, below 256: keeps sources of one purpose apart
  std::int64_t rows_per_example = 1;  ///< neighbouring rows, as of an example's classes, that share its noise

  /// The example of a row.
  ELBO_HD std::int64_t example(std::int64_t row) const {
    if (rows_per_example > 1) row /= rows_per_example;
    return examples ? examples[row] : row;
  }
};

}  // namespace elbo
