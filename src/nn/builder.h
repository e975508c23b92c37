#pragma once
// What a model declares before it is on any device: its parameters and its activations.

#include <utility>
#include <vector>

#include "nn/parameter_layout.h"
#include "nn/tape.h"

namespace elbo::nn {

/// Collects declarations, once a model. Pure data; knows no model and no device.
class Builder {
 public:
  /// Throws ShapeError if a tensor has no values.
  Parameter parameter(ParameterInfo info);

  Slot activation(SlotInfo info);
  /// A layer's output as an activation makes it, with a gradient. What the derivative is computed from is
  /// declared, too, where that is not the output itself: info().saved.
  Slot output(SlotInfo info, Activation activation);
  /// Columns [first, first + count) of a slot. On tapes with one of the uses `apart` they have memory of
  /// their own.
  Slot part(Slot whole, std::string name, std::int64_t first, std::int64_t count, unsigned apart = kAlways);
  /// The same memory with rows of another shape. Throws ShapeError if they are not as long.
  Slot reshaped(Slot slot, std::string name, const PictureShape& picture);
  /// The gradient in a slot, on training tapes with all of `uses`: for whoever wants it to be written. A part
  /// has that of the whole, unless it is given one of its own. Throws ShapeError the second time for a slot.
  void needs_gradient(Slot slot, unsigned uses = kAlways);
  /// Says which activation made a slot. Its derivative is computed from `saved` (none: the slot itself).
  void made_by(Slot slot, Activation activation, Slot saved = {});

  const SlotInfo& info(Slot slot) const { return slots_[static_cast<std::size_t>(slot.index)]; }
  /// Counts a block that reads a slot and has a part in its gradient. Passes go back from the last block to
  /// the first, so the last reader that is declared writes the gradient, "=", and those before it add to it,
  /// "+=" (Tape::adds_to_gradient). Throws ShapeError if another reader follows one that cannot add.
  Reader read(Slot slot, bool can_add = false);
  /// A stream of noise (NoiseSource::stream) for a layer that draws in training. Throws ConfigError if
  /// there are no more.
  std::int64_t noise_stream();

  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }
  const std::vector<SlotInfo>& slots() const noexcept { return slots_; }

 private:
  std::vector<ParameterInfo> parameters_;
  std::vector<SlotInfo> slots_;
  std::vector<bool> last_reader_adds_;  ///< of each slot: whether another reader may follow
  std::int64_t noise_streams_ = 0;
};

}  // namespace elbo::nn
