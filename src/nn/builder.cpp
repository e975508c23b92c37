#include "nn/builder.h"

#include "base/check.h"
#include "math/philox.h"

namespace elbo::nn {

Parameter Builder::parameter(ParameterInfo info) {
  ELBO_CHECK(info.rows() > 0 && info.cols >= 0, ShapeError, "a parameter was declared with no values");
  parameters_.push_back(std::move(info));
  return {static_cast<int>(parameters_.size()) - 1};
}

Constant Builder::constant(std::vector<std::int32_t> values) {
  constants_.push_back(std::move(values));
  return {static_cast<int>(constants_.size()) - 1};
}

Slot Builder::activation(SlotInfo info) {
  slots_.push_back(std::move(info));
  last_reader_adds_.push_back(true);
  return {static_cast<int>(slots_.size()) - 1};
}

Slot Builder::output(SlotInfo info, Activation activation) {
  SlotInfo before{.name = info.name + ".saved", .rows = info.rows, .cols = info.cols, .uses = kTraining};
  const Slot output = this->activation(std::move(info));
  Slot saved;
  if (derivative_needs_input(activation)) saved = this->activation(std::move(before));
  needs_gradient(output);
  made_by(output, activation, saved);
  return output;
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
  if (count != info(whole).cols) part.picture = {};
  part.gradient = part.saved = {};
  part.no_gradient = false;
  part.readers = 0;
  return activation(std::move(part));
}

Slot Builder::reshaped(Slot slot, std::string name, const PictureShape& picture) {
  const std::int64_t cols = info(slot).cols;
  ELBO_CHECK(picture.height * picture.width * picture.channels == cols, ShapeError, "rows of ", cols,
             " values were to be pictures of ", picture.height, " × ", picture.width, " × ",
             picture.channels);
  const Slot made = part(slot, std::move(name), 0, cols);
  set_picture(made, picture);
  return made;
}

Slot Builder::detached(Slot slot, std::string name) {
  const Slot made = part(slot, std::move(name), 0, info(slot).cols);
  slots_[static_cast<std::size_t>(made.index)].no_gradient = true;
  return made;
}

void Builder::needs_gradient(Slot slot, unsigned uses) {
  const SlotInfo& of = info(slot);
  ELBO_CHECK(!of.gradient && !of.no_gradient, ShapeError, of.name, " cannot have another gradient");
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

Reader Builder::read(Slot slot, bool can_add) {
  const auto shares_gradient = [&] {
    const SlotInfo& of = info(slot);
    return of.whole && !of.gradient && !of.no_gradient && of.cols == info(of.whole).cols;
  };
  while (shares_gradient()) {
    slot = info(slot).whole;  // the slot whose gradient it shares
  }
  const auto at = static_cast<std::size_t>(slot.index);
  if (slots_[at].no_gradient) return {slot, 0};
  ELBO_CHECK(last_reader_adds_[at], ShapeError, info(slot).name,
             " is read by two blocks, and the first cannot add to its gradient");
  last_reader_adds_[at] = can_add;
  return {slot, slots_[at].readers++};
}

std::int64_t Builder::noise_stream() {
  if (noise_streams_ < math::kNoiseStreams) return noise_streams_++;
  throw ConfigError(concat("a model has at most ", math::kNoiseStreams, " layers that draw noise."));
}

}  // namespace elbo::nn
