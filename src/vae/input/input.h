#pragma once
// What the encoder reads of a batch.

#include <memory>

#include "nn/block.h"
#include "ops/corrupt.h"
#include "vae/batch.h"
#include "vae/config.h"

namespace elbo {

/// x and its mask → the encoder's input.
class Input {
 public:
  virtual ~Input() = default;

  /// Declares input, x, mask and examples.
  virtual void declare(nn::Builder& builder, BatchSlots& slots) = 0;
  /// Completes the input once x and mask stand in the batch.
  virtual void prepare(const nn::Run& run, const Batch& batch) const = 0;
};

/// Numbers as they are.
std::unique_ptr<Input> make_value_input(const ModelConfig& config);
/// Classes, each as `constants.classes` values of which one is 1.
std::unique_ptr<Input> make_one_hot_input(const ModelConfig& config);

/// Declares the mask, beside the values in the input's columns from `first` on where the encoder sees it, and
/// the examples' indices: what every input has.
void declare_mask_and_examples(nn::Builder& builder, BatchSlots& slots, const ModelConfig& config,
                               std::int64_t first);

/// What a denoising model's encoder sees of a batch while it trains (Vincent et al. 2008).
struct Corruption {
  ops::Corruption kind = ops::Corruption::none;
  float amount = 0.0f;  ///< standard deviation, or fraction of values dropped

  explicit operator bool() const { return kind != ops::Corruption::none; }
  /// Writes the values' columns of the input from x. `noise` is keyed by the batch's examples.
  void apply(Context& context, const Batch& batch, NoiseSource noise) const;
};
Corruption make_corruption(const ObjectiveSettings& settings);

}  // namespace elbo
