#pragma once
// The places of one batch's declared activations. Views only.

#include <cstddef>
#include <vector>

#include "nn/slot.h"
#include "runtime/arena.h"

namespace elbo::nn {

/// The size of a tape.
struct TapeSize {
  std::int64_t rows = 0;     ///< n, examples
  std::int64_t samples = 1;  ///< K, of each example
  std::int64_t classes = 1;  ///< C, as which each example is there
};

/// Views of a batch's activations. Owns nothing; the memory and the plan must outlive it. A copy is cheap
/// beside a batch's work, but not free: copy when a step is planned.
class Tape {
 public:
  Tape() = default;

  std::int64_t rows() const noexcept { return size_.rows; }
  std::int64_t samples() const noexcept { return size_.samples; }
  std::int64_t classes() const noexcept { return size_.classes; }
  unsigned uses() const noexcept { return uses_; }

  /// [rows, cols]; empty if there is no such slot, or it is not planned on this tape.
  MatrixView<float> operator[](Slot slot) const { return matrix<float>(slot); }
  /// A slot's memory as one vector [rows·cols]. Not for parts of a slot.
  VectorView<float> vector(Slot slot) const { return flat<float>(slot); }
  VectorView<double> doubles(Slot slot) const { return flat<double>(slot); }
  VectorView<std::int64_t> integers(Slot slot) const { return flat<std::int64_t>(slot); }

  /// The objective's gradient in a slot, before the activation that made it; empty if not requested.
  MatrixView<float> gradient(Slot slot) const;
  /// Whether a reader adds its part, "+=", to the slot's gradient that others have written; else it writes,
  /// "=".
  bool adds_to_gradient(const Reader& reader) const {
    return reader.number + 1 < (*slots_)[at(reader.slot)].readers;
  }
  /// The activation that made a slot, and the source of its derivative (empty for the identity). Whoever
  /// writes the slot's gradient multiplies it by this derivative.
  Activation activation(Slot slot) const { return (*slots_)[at(slot)].activation; }
  MatrixView<const float> for_derivative(Slot slot) const;

  /// The number of values of the largest slot.
  std::int64_t largest() const;

  /// A tape of the first `count` examples in the same memory. Throws ShapeError if there are fewer.
  Tape first_rows(std::int64_t count) const;

 private:
  friend class Plan;
  struct Place {
    void* data = nullptr;
    std::int64_t rows = 0, cols = 0, stride = 0;
  };

  static std::size_t at(Slot slot) { return static_cast<std::size_t>(slot.index); }
  std::int64_t rows_of(Rows rows) const;
  template <class T>
  MatrixView<T> matrix(Slot slot) const {
    if (!slot) return {};
    const Place& place = places_[at(slot)];
    return {static_cast<T*>(place.data), place.rows, place.cols, place.stride};
  }
  template <class T>
  VectorView<T> flat(Slot slot) const {
    if (!slot) return {};
    const Place& place = places_[at(slot)];
    return {static_cast<T*>(place.data), place.rows * place.cols};
  }

  const std::vector<SlotInfo>* slots_ = nullptr;
  std::vector<Place> places_;
  TapeSize size_;
  unsigned uses_ = 0;
};

/// The slots of a model, in the order of their memory.
class Plan {
 public:
  explicit Plan(std::vector<SlotInfo> slots) : slots_(std::move(slots)) {}

  /// Makes a tape of this size and these uses (nn::Use), with memory from the arena.
  Tape lay_out(Arena& arena, TapeSize size, unsigned uses) const {
    return lay_out(arena, size, uses, slots_.size());
  }
  /// The same with the first `count` slots alone, for a pass through a part of the model.
  Tape lay_out(Arena& arena, TapeSize size, unsigned uses, std::size_t count) const;
  /// Gives the tape another set of the batch's slots, from the arena.
  void lay_out_batch(Arena& arena, Tape& tape) const;
  const std::vector<SlotInfo>& slots() const noexcept { return slots_; }

 private:
  void place(Arena& arena, Tape& tape, std::size_t slot) const;

  std::vector<SlotInfo> slots_;
};

}  // namespace elbo::nn
