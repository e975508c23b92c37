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

/// What a conditional model's networks read beside their inputs (Sohn et al. 2015): the example's label,
/// one-hot, or several conditions, numbers as they are and levels one-hot. On tapes that have each example as
/// every class, it is that class.
class Condition {
 public:
  Condition() = default;
  explicit Condition(const ModelConfig& config)
      : classes_(config.condition_classes),
        inferred_(config.infers_label),
        levels_(config.condition_levels) {}

  explicit operator bool() const { return columns() > 0; }
  /// Values that are read of an example: one for the label alone.
  std::int64_t columns() const { return classes_ > 0 ? 1 : std::ssize(levels_); }
  /// Labels, if they alone are read, else 0.
  std::int32_t classes() const { return classes_; }
  /// Whether a label need not be known, and tapes may have each example as every class.
  bool inferred() const { return inferred_; }
  /// Declares label and condition.
  void declare(nn::Builder& builder, BatchSlots& slots);
  /// Writes the classes of a tape that has each example as every class; once is enough. Does nothing on
  /// others.
  void enumerate(Context& context, const Batch& batch) const;
  /// Reads the batch's conditions [n, columns()] as gather_batch does, and makes the slot `condition`. Does
  /// nothing if there is none.
  void read(const nn::Run& run, const Batch& batch, const ops::GatherSource& conditions,
            const StepState* state) const;
  /// The same with rows [first, first + n) of a table [rows, columns()] in the networks' scale.
  void set(const nn::Run& run, const Batch& batch, const Table& conditions, std::int64_t first) const;
  /// The same with labels, for a model that reads them alone.
  void set(const nn::Run& run, const Batch& batch, std::span<const std::int32_t> labels,
           std::int64_t first) const;

 private:
  /// Makes the slot `condition` of what the batch has.
  void expand(const nn::Run& run, const Batch& batch) const;

  std::int32_t classes_ = 0;
  bool inferred_ = false;
  std::vector<std::int32_t> levels_;
  nn::Constant table_;  ///< of column_input, unless the label alone is read
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
