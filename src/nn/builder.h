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
  /// Throws ShapeError where a tensor has no values.
  Parameter parameter(ParameterInfo info);

  Slot activation(SlotInfo info);
  /// Columns [first, first + count) of a slot. On tapes with one of the uses `apart` they have memory of
  /// their own.
  Slot part(Slot whole, std::string name, std::int64_t first, std::int64_t count, unsigned apart = kAlways);
  /// The gradient in a slot, on training tapes: for whoever wants it to be written; a part has that of the
  /// whole. It is on tapes with all of `uses` besides. Throws ShapeError for a part, and the second time for
  /// a slot.
  void needs_gradient(Slot slot, unsigned uses = kAlways);
  /// Says which activation made a slot. Its derivative is computed from `saved` (none: the slot itself).
  void made_by(Slot slot, Activation activation, Slot saved = {});

  const SlotInfo& info(Slot slot) const { return slots_[static_cast<std::size_t>(slot.index)]; }
  /// Counts a block that reads a slot and will write its gradient. Throws ShapeError for the second one of a
  /// slot, as long as no block can add to a gradient.
  void read(Slot slot);

  const std::vector<ParameterInfo>& parameters() const noexcept { return parameters_; }
  const std::vector<SlotInfo>& slots() const noexcept { return slots_; }

 private:
  std::vector<ParameterInfo> parameters_;
  std::vector<SlotInfo> slots_;
  std::vector<int> readers_;  ///< of each slot
};

}  // namespace elbo::nn
