#pragma once
// The declarations of a model's parameters, constants and activations, before it is on any device.

#include <utility>
#include <vector>

#include "nn/parameter_layout.h"
#include "nn/tape.h"

namespace elbo::nn {

/// Collects declarations, once per model. Pure data; knows no model and no device.
class Builder {
 public:
  /// Throws ShapeError if a tensor has no values.
  Parameter parameter(ParameterInfo info);

  Constant constant(std::vector<std::int32_t> values);

  Slot activation(SlotInfo info);
  /// Declares a layer's output, made by an activation, with a gradient. If the derivative is not computed
  /// from the output, its source is declared too: info().saved.
  Slot output(SlotInfo info, Activation activation);
  /// Declares columns [first, first + count) of a slot. On tapes with one of the uses `apart` they have
  /// memory of their own.
  Slot part(Slot whole, std::string name, std::int64_t first, std::int64_t count, unsigned apart = kAlways);
  /// The same memory with rows of another shape. Throws ShapeError if the rows' length differs.
  Slot reshaped(Slot slot, std::string name, const PictureShape& picture);
  /// The same memory for readers that contribute nothing to a gradient.
  Slot detached(Slot slot, std::string name);
  /// Says that a slot's rows are pictures.
  void set_picture(Slot slot, const PictureShape& picture) {
    slots_[static_cast<std::size_t>(slot.index)].picture = picture;
  }
  /// Requests the gradient in a slot, on training tapes with all of `uses`. A part shares the gradient of the
  /// whole, unless one is requested for it. Throws ShapeError if called twice for a slot.
  void needs_gradient(Slot slot, unsigned uses = kAlways);
  /// Sets the activation that made a slot. Its derivative is computed from `saved` (none: the slot itself).
  void made_by(Slot slot, Activation activation, Slot saved = {});

  const SlotInfo& info(Slot slot) const { return slots_[static_cast<std::size_t>(slot.index)]; }
  /// Registers a block that reads a slot and contributes to its gradient. The backward pass goes from the
  /// last block to the first, so the reader declared last writes the gradient, "=", and earlier readers add
  /// to it, "+=" (Tape::adds_to_gradient). Throws ShapeError if an earlier reader cannot add.
  Reader read(Slot slot, bool can_add = false);
  /// A stream of noise (NoiseSource::stream) for a layer that draws in training. Throws ConfigError if none
  /// is left.
  std::int64_t noise_stream();

  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }
  const std::vector<std::vector<std::int32_t>>& constants() const noexcept { return constants_; }
  const std::vector<SlotInfo>& slots() const noexcept { return slots_; }

 private:
  std::vector<ParameterInfo> parameters_;
  std::vector<std::vector<std::int32_t>> constants_;
  std::vector<SlotInfo> slots_;
  std::vector<bool> last_reader_adds_;  ///< for each slot, whether another reader may follow
  std::int64_t noise_streams_ = 0;
};

}  // namespace elbo::nn
