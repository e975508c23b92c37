#include "nn/builder.h"

#include "base/check.h"

namespace elbo::nn {

Parameter Builder::parameter(ParameterInfo info) {
  ELBO_CHECK(info.rows() > 0 && info.cols >= 0, ShapeError, "a parameter was declared with no values");
  parameters_.push_back(std::move(info));
  return {static_cast<int>(parameters_.size()) - 1};
}

Slot Builder::activation(SlotInfo info) {
  slots_.push_back(std::move(info));
  readers_.push_back(0);
  return {static_cast<int>(slots_.size()) - 1};
}

Slot Builder::part(Slot whole, std::string name, std::int64_t first, std::int64_t count, unsigned apart) {
  SlotInfo part = info(whole);
  ELBO_CHECK(first >= 0 && count > 0 && first + count <= part.cols, ShapeError, "columns ", first, " to ",
             first + count, " were taken of ", part.name, ", which has ", part.cols);
  part.name = std::move(name);
  part.whole = whole;
  part.first_col = first;
  part.cols = count;
  part.apart = apart;
  part.gradient = part.saved = {};
  return activation(std::move(part));
}

void Builder::needs_gradient(Slot slot, unsigned uses) {
  const SlotInfo& of = info(slot);
  ELBO_CHECK(!of.whole && !of.gradient, ShapeError, of.name, " cannot have another gradient");
  SlotInfo gradient{.name = of.name + ".gradient", .rows = of.rows, .cols = of.cols};
  gradient.uses = of.uses | kTraining | uses;
  const Slot made = activation(std::move(gradient));
  slots_[static_cast<std::size_t>(slot.index)].gradient = made;
}

void Builder::made_by(Slot slot, Activation activation, Slot saved) {
  SlotInfo& info = slots_[static_cast<std::size_t>(slot.index)];
  info.activation = activation;
  info.saved = saved;
}

void Builder::read(Slot slot) {
  ELBO_CHECK(++readers_[static_cast<std::size_t>(slot.index)] == 1, ShapeError, info(slot).name,
             " is read by two blocks, and neither can add to its gradient");
}

}  // namespace elbo::nn
