#pragma once
// What changes from one training step to the next, kept on the device so that a step can be replayed without
// the host. Shared by the ops, their kernels and the step runner.

#include <cstdint>

namespace elbo {

/// What a schedule says of one step.
struct StepRates {
  float learning_rate = 0.0f;
  float kl_weight = 1.0f;  ///< β
  float capacity = 0.0f;   ///< C, of the KL
};

/// Counters and rates of one step. Lives in device memory; `ops::advance_step` moves it on.
struct StepState {
  std::uint64_t step = 0;        ///< optimizer steps begun; 1 during the first
  std::uint64_t noise_time = 0;  ///< the time that keys noise: the step while training, 0 in evaluation
  std::int64_t cursor = 0;       ///< where in the permutation this batch begins
  std::int64_t next_cursor = 0;  ///< where the next one will
  std::int64_t epoch_steps = 0;  ///< steps of this epoch begun
  float learning_rate = 0.0f;
  float kl_weight = 1.0f;         ///< β
  float capacity = 0.0f;          ///< C, of the KL
  float bias_correction1 = 1.0f;  ///< 1 − β₁ᵗ (Kingma & Ba 2015, Algorithm 1)
  float bias_correction2 = 1.0f;  ///< 1 − β₂ᵗ
  /// Not 0: this step is skipped. Whatever it would move stays as it is: parameters, moments, their running
  /// average, and what parts move after it. Known once the whole gradient is.
  std::uint32_t skipped = 0;
};

/// The steps that were skipped since a training began. Lives in device memory; `ops::skip_beyond` counts.
struct SkippedSteps {
  std::uint64_t total = 0;
  std::uint64_t in_a_row = 0;  ///< up to the last step
  std::uint64_t stuck_at = 0;  ///< the step with which they were kMaxSkippedInARow; 0: none
  double last_norm = 0.0;      ///< of the gradient of the last one
};

/// Steps one after the other without which a training goes nowhere.
inline constexpr std::uint64_t kMaxSkippedInARow = 20;

/// What a random number is for; part of its address, so that two uses never share a number.
enum class NoisePurpose : std::uint32_t {
  reparameterize = 1,
  binarize = 2,
  shuffle = 3,
  initialize = 4,
  prior_sample = 5,
  importance = 6,
  likelihood_sample = 7,
  anneal_start = 8,     ///< where chains of annealed importance sampling begin
  anneal_velocity = 9,  ///< what they go on with
  anneal_accept = 10,   ///< and whether a move is taken
  corrupt = 11,
  dropout = 12,
};

/// Where noise comes from: with a dimension it addresses one number (see math/philox.h). Pointers are to
/// device memory, so that a captured step reads their current values.
struct NoiseSource {
  std::uint64_t seed = 0;
  NoisePurpose purpose = NoisePurpose::reparameterize;
  const std::uint64_t* time = nullptr;     ///< step or epoch; null means 0
  const std::int64_t* examples = nullptr;  ///< [batch] indices in the dataset; null means row i is example i
  std::int64_t first_sample = 0;           ///< number of the first of K samples, when K come in chunks
  std::int64_t stream = 0;  ///< which one of several with the same purpose, below 256: a layer's number
};

}  // namespace elbo
