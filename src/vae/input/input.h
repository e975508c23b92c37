#pragma once
// The encoder's input from a batch.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/block.h"
#include "ops/corrupt.h"
#include "ops/gather_batch.h"
#include "vae/batch.h"
#include "vae/config.h"

namespace elbo {

/// Computes the encoder's input from x and its mask.
class Input {
 public:
  virtual ~Input() = default;

  /// Declares input, x, mask and examples.
  virtual void declare(nn::Builder& builder, BatchSlots& slots) = 0;
  /// Completes the input once the batch has x and mask.
  virtual void prepare(const nn::Run& run, const Batch& batch) const = 0;
};

/// The input for numbers, which it does not change.
std::unique_ptr<Input> make_value_input(const ModelConfig& config);
/// The input for classes: one-hot, `constants.classes` values for each.
std::unique_ptr<Input> make_one_hot_input(const ModelConfig& config);

/// How the encoder reads a column: as it is, as log(1 + x), or one-hot.
struct ColumnForm {
  bool log = false;
  std::int32_t classes = 0;  ///< from 1 on: one-hot
};
/// The input for columns that the encoder reads in different forms.
std::unique_ptr<Input> make_column_input(const ModelConfig& config, const std::vector<ColumnForm>& forms);

/// Declares the mask and the examples' indices, which every input has. If the encoder reads the mask, it is
/// in the input's columns from `first` on.
void declare_mask_and_examples(nn::Builder& builder, BatchSlots& slots, const ModelConfig& config,
                               std::int64_t first);

/// What a conditional model's networks read beside their inputs: the example's label, one-hot (Sohn et al.
/// 2015). On tapes that have each example as every class, it is that class.
class Condition {
 public:
  Condition() = default;
  /// `classes`: number of labels; 0: there is no condition. `inferred`: a label need not be known.
  Condition(std::int32_t classes, bool inferred) : classes_(classes), inferred_(inferred) {}

  explicit operator bool() const { return classes_ > 0; }
  std::int32_t classes() const { return classes_; }
  /// Whether a label need not be known, and tapes may have each example as every class.
  bool inferred() const { return inferred_; }
  /// Declares label and condition.
  void declare(nn::Builder& builder, BatchSlots& slots) const;
  /// Writes the classes of a tape that has each example as every class; once is enough. Does nothing on
  /// others.
  void enumerate(Context& context, const Batch& batch) const;
  /// Reads the batch's labels [n, 1] as gather_batch does, and makes the condition. Does nothing if there is
  /// none.
  void read(Context& context, const Batch& batch, const ops::GatherSource& labels,
            const StepState* state) const;
  /// The same with labels [first, first + n) of these.
  void set(Context& context, const Batch& batch, std::span<const std::int32_t> labels,
           std::int64_t first) const;

 private:
  void encode_labels(Context& context, const Batch& batch) const;

  std::int32_t classes_ = 0;
  bool inferred_ = false;
};

/// The corruption of a denoising model's input in training (Vincent et al. 2008).
struct Corruption {
  ops::Corruption kind = ops::Corruption::none;
  float amount = 0.0f;  ///< standard deviation, or fraction of values dropped

  explicit operator bool() const { return kind != ops::Corruption::none; }
  /// Writes the values' columns of the input from x. `noise` is keyed by the batch's examples.
  void apply(Context& context, const Batch& batch, NoiseSource noise) const;
};
Corruption make_corruption(const ObjectiveSettings& settings);

}  // namespace elbo
