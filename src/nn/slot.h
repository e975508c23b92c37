#pragma once
// Declared activations: a network's results on the device for a batch.

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

/// A block's reading of a slot, to whose gradient it contributes.
struct Reader {
  Slot slot;       ///< the slot that has the gradient
  int number = 0;  ///< number of its readers declared before
};

/// The number of an activation's rows, for a batch of n examples with K samples each. Where the tape has each
/// example once as every class, C of them, row i·C + y is example i as class y, and K counts for each of
/// these; else C is 1.
enum class Rows : std::uint8_t {
  examples,  ///< n
  classes,   ///< n·C
  samples,   ///< n·C·K; row i·K + k is sample k of row i of the classes
  one,       ///< 1, for the whole batch
};

enum class Type : std::uint8_t { f32, f64, i64 };

/// The uses of a tape. An activation is planned on the tapes that have all of its uses.
enum Use : unsigned {
  kAlways = 0,
  kTraining = 1,   ///< gradients
  kCorrupted = 2,  ///< the encoder reads a corrupted batch
  kMasked = 4,     ///< values of the batch may be missing
  /// Training steps, in which layers may differ from evaluation: dropout drops values.
  kLearning = 8,
  kInputGradient = 16,  ///< the gradient is computed in the encoder's input too
};

struct SlotInfo {
  std::string name;
  Rows rows = Rows::examples;
  std::int64_t cols = 1;
  unsigned uses = kAlways;
  Type type = Type::f32;
  /// The shape if a row is a picture, channels last: cols is height · width · channels.
  PictureShape picture = {};
  /// Whether it belongs to the batch's data, of which a tape may have a second set.
  bool of_batch = false;
  bool no_gradient = false;  ///< none will be requested, so that any number of blocks may read it

  // The members below are set by Builder.
  Slot whole{};                ///< the slot whose columns these are; none: it has memory of its own
  std::int64_t first_col = 0;  ///< in `whole`
  unsigned apart = 0;          ///< uses with which a part has memory of its own nevertheless
  Slot gradient{};             ///< none: not requested
  int readers = 0;             ///< number of blocks that contribute to it
  Activation activation = Activation::identity;  ///< made this slot; gradients are those before it
  Slot saved{};  ///< source of the activation's derivative; none: the slot itself
};

}  // namespace elbo::nn
