#include "nn/tape.h"

#include <algorithm>

#include "base/check.h"

namespace elbo::nn {

std::int64_t Tape::rows_of(Rows rows) const {
  switch (rows) {
    case Rows::examples:
      return size_.rows;
    case Rows::classes:
      return size_.rows * size_.classes;
    case Rows::samples:
      return size_.rows * size_.classes * size_.samples;
    case Rows::one:
      break;
  }
  return 1;
}

MatrixView<float> Tape::gradient(Slot slot) const {
  if (!slot) return {};
  const SlotInfo& info = (*slots_)[at(slot)];
  if (info.gradient) return (*this)[info.gradient];
  return info.whole ? gradient(info.whole).columns(info.first_col, info.cols) : MatrixView<float>();
}

MatrixView<const float> Tape::for_derivative(Slot slot) const {
  const SlotInfo& info = (*slots_)[at(slot)];
  if (info.activation == Activation::identity) return {};
  if (info.whole) return for_derivative(info.whole).columns(info.first_col, info.cols);
  return (*this)[info.saved ? info.saved : slot];
}

std::int64_t Tape::largest() const {
  std::int64_t values = 0;
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if ((*slots_)[slot].rows == Rows::one) continue;  // no product reads sums and statistics
    values = std::max(values, places_[slot].rows * places_[slot].cols);
  }
  return values;
}

Tape Tape::first_rows(std::int64_t count) const {
  ELBO_CHECK(count >= 0 && count <= size_.rows, ShapeError, "a workspace for ", size_.rows,
             " rows was asked for ", count);
  Tape part = *this;
  part.size_.rows = count;
  for (std::size_t slot = 0; slot < places_.size(); ++slot) {
    if (part.places_[slot].data) part.places_[slot].rows = part.rows_of((*slots_)[slot].rows);
  }
  return part;
}

Tape Plan::lay_out(Arena& arena, TapeSize size, unsigned uses, std::size_t count) const {
  ELBO_CHECK(size.rows > 0 && size.samples > 0 && size.classes > 0, ShapeError,
             "a batch needs at least one row and one sample");
  Tape tape;
  tape.slots_ = &slots_;
  tape.size_ = size;
  tape.uses_ = uses;
  tape.places_.resize(slots_.size());
  for (std::size_t slot = 0; slot < count; ++slot) place(arena, tape, slot);
  return tape;
}

void Plan::lay_out_batch(Arena& arena, Tape& tape) const {
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].of_batch) place(arena, tape, slot);
  }
}

void Plan::place(Arena& arena, Tape& tape, std::size_t slot) const {
  const SlotInfo& info = slots_[slot];
  if ((info.uses & tape.uses_) != info.uses) return;
  const std::int64_t rows = tape.rows_of(info.rows);
  Tape::Place& place = tape.places_[slot];
  if (info.whole && !(info.apart & tape.uses_)) {
    const MatrixView<float> part = tape[info.whole].columns(info.first_col, info.cols);
    place = {part.data, part.rows, part.cols, part.stride};
    return;
  }
  const auto take = [&]<class T>(T) -> void* { return arena.vector<T>(rows * info.cols).data; };
  void* const data = info.type == Type::f32   ? take(float())
                     : info.type == Type::f64 ? take(double())
                                              : take(std::int64_t());
  place = {data, rows, info.cols, info.cols};
}

}  // namespace elbo::nn
