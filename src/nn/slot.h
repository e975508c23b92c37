#pragma once
// Declared activations: what a network leaves on the device for a batch.

#include <cstdint>
#include <string>

#include "elbo/dataset.h"
#include "math/activation_kind.h"

namespace elbo::nn {

/// Names an activation that was declared to a Builder; views of it come from a Tape.
struct Slot {
  int index = -1;
  explicit operator bool() const noexcept { return index >= 0; }
  friend bool operator==(Slot, Slot) = default;
};

/// A block's reading of a slot, in whose gradient it has a part.
struct Reader {
  Slot slot;       ///< that has the gradient
  int number = 0;  ///< readers of it that were declared before
};

/// How many rows an activation has, for a batch of n examples with K samples each.
enum class Rows : std::uint8_t {
  examples,  ///< n
  samples,   ///< n·K; row i·K + k is sample k of example i
  one,       ///< 1: of the whole batch
};

enum class Type : std::uint8_t { f32, f64, i64 };

/// What a tape is for. An activation is planned on the tapes that have all of its uses.
enum Use : unsigned {
  kAlways = 0,
  kTraining = 1,   ///< gradients
  kCorrupted = 2,  ///< the encoder reads the batch corrupted
  kMasked = 4,     ///< values of the batch may be missing
  kLearning =
      8,  ///< steps of a training, in which layers may behave otherwise than in evaluation: dropout drops
};

struct SlotInfo {
  std::string name;
  Rows rows = Rows::examples;
  std::int64_t cols = 1;
  unsigned uses = kAlways;
  Type type = Type::f32;
  /// What a row is a picture of, its channels last: cols is its height · width · channels. Else none.
  PictureShape picture = {};
  /// Belongs to the data of a batch, of which a tape may have a second set.
  bool of_batch = false;

  // Set by Builder.
  Slot whole{};                ///< the slot whose columns these are; none: it has memory of its own
  std::int64_t first_col = 0;  ///< in `whole`
  unsigned apart = 0;          ///< uses with which a part has memory of its own all the same
  Slot gradient{};             ///< none: nobody asked for it
  int readers = 0;             ///< blocks that have a part in it
  Activation activation = Activation::identity;  ///< what made it: gradients are those before it
  Slot saved{};  ///< what the activation's derivative is computed from; none: the slot itself
};

}  // namespace elbo::nn
