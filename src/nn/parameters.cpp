#include "nn/parameters.h"

#include <array>
#include <utility>

#include "elbo/error.h"

namespace elbo::nn {
namespace {

void copy(Context& context, VectorView<float> to, VectorView<const float> from) {
  context.copy_on_device(to.data, from.data, sizeof(float) * static_cast<std::size_t>(from.size));
}

}  // namespace

Parameters::Parameters(Context& context, ParameterLayout layout, Initialization initialization,
                       std::uint64_t seed)
    : context_(&context),
      layout_(std::move(layout)),
      values_(context, layout_.size),
      constants_(context, std::span<const std::int32_t>(layout_.constants)) {
  values_.fill_zero();
  for (std::size_t t = 0; t < layout_.tensors.size(); ++t) {
    const TensorInfo& tensor = layout_.tensors[t];
    const auto drawn = initial_values(tensor, static_cast<std::int64_t>(t), initialization, seed);
    context.copy_to_device(values_.data() + tensor.offset, drawn.data(), drawn.size() * sizeof(float));
  }
}

void Parameters::prepare_training() {
  if (ready_to_train()) return;
  std::array<Buffer<float>, 3> made;  // all or none, as memory may run out in between
  for (Buffer<float>& buffer : made) {
    buffer = Buffer<float>(*context_, layout_.size);
    buffer.fill_zero();
  }
  gradient_ = std::move(made[0]);
  first_moment_ = std::move(made[1]);
  second_moment_ = std::move(made[2]);
}

void Parameters::prepare_average() {
  if (averages()) return;
  average_ = Buffer<float>(*context_, layout_.size);
  restart_average();
}

void Parameters::restart_average() {
  if (averages()) copy(*context_, average(), values());
}

void Parameters::take_average() {
  if (averages()) copy(*context_, values(), average());
}

AverageInPlace::AverageInPlace(Context& context, Parameters& parameters)
    : context_(context), parameters_(parameters) {
  if (!parameters.averages()) return;
  copy(context, parameters.gradient(), parameters.values());
  parameters.take_average();
}

AverageInPlace::~AverageInPlace() {
  if (!parameters_.averages()) return;
  try {
    copy(context_, parameters_.values(), parameters_.gradient());
  } catch (const Error&) {
    // The device is lost; the next call to it will report that.
  }
}

}  // namespace elbo::nn
