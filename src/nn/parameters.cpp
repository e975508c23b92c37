#include "nn/parameters.h"

#include <cmath>
#include <functional>
#include <numeric>

#include "ops/host_noise.h"
#include "base/check.h"

namespace elbo {
namespace {

constexpr std::int64_t kBlockAlignment = 64;  // floats: 256 bytes

std::int64_t align(std::int64_t offset) {
  return (offset + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment;
}

/// The names of the heads of one joined layer and the rows each has.
struct Head {
  std::string name;
  std::int64_t rows;
};

/// Appends a layer whose rows are the heads', and their tensors.
void add_layer(ParameterLayout& layout, std::vector<LayerInfo>& layers, std::int64_t in,
               const std::vector<Head>& heads) {
  LayerInfo layer{.in = in, .out = 0, .weight_offset = align(layout.size), .bias_offset = 0};
  for (const Head& head : heads) {
    layout.tensors.push_back(
        {head.name + ".weight", {head.rows, in}, layer.weight_offset + layer.out * in, in});
    layer.out += head.rows;
  }
  layer.bias_offset = align(layer.weight_offset + layer.out * in);
  std::int64_t offset = layer.bias_offset;
  for (const Head& head : heads) {
    layout.tensors.push_back({head.name + ".bias", {head.rows}, offset, in});
    offset += head.rows;
  }
  layout.size = align(offset);
  layout.count += layer.out * in + layer.out;
  layers.push_back(layer);
}

/// Hidden layers "prefix.hidden.{i}"; returns the width of the last.
std::int64_t add_hidden(ParameterLayout& layout, std::vector<LayerInfo>& layers, const std::string& prefix,
                        std::int64_t in, const std::vector<std::int64_t>& widths) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    add_layer(layout, layers, in, {{concat(prefix, ".hidden.", i), widths[i]}});
    in = widths[i];
  }
  return in;
}

void copy(Context& context, VectorView<float> to, VectorView<const float> from) {
  context.copy_on_device(to.data, from.data, sizeof(float) * static_cast<std::size_t>(from.size));
}

/// PyTorch's Linear draws weight and bias from U(−1/√fan_in, 1/√fan_in); He et al. 2015, eq. 10 draws weights
/// from N(0, 2/fan_in), Glorot & Bengio 2010, eq. 16 from U(−√(6/(fan_in + fan_out)), …), and biases start at
/// 0.
std::vector<float> draw(const TensorInfo& tensor, std::int64_t index, Initialization initialization,
                        std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()), 0.0f);
  const bool is_bias = tensor.shape.size() == 1;
  if (initialization != Initialization::pytorch && is_bias) return values;
  const std::int64_t cols = is_bias ? tensor.size() : tensor.shape[1];
  const auto fan_in = static_cast<double>(tensor.fan_in);
  const auto fans = fan_in + static_cast<double>(tensor.shape[0]);
  const auto bound = static_cast<float>(initialization == Initialization::glorot ? std::sqrt(6.0 / fans)
                                                                                 : 1.0 / std::sqrt(fan_in));
  const auto deviation = static_cast<float>(std::sqrt(2.0 / fan_in));
  for (std::int64_t r = 0; r < tensor.size() / cols; ++r) {
    const std::span<float> row(values.data() + r * cols, static_cast<std::size_t>(cols));
    const std::int64_t address = (index << 32) | r;  // a tensor's row takes the place of the example
    if (initialization == Initialization::he) {
      fill_normal(row, seed, NoisePurpose::initialize, address);
      for (float& value : row) value *= deviation;
    } else {
      fill_uniform(row, seed, NoisePurpose::initialize, address);
      for (float& value : row) value = bound * (2.0f * value - 1.0f);
    }
  }
  return values;
}

}  // namespace

std::int64_t TensorInfo::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

ParameterLayout::ParameterLayout(const ModelConfig& config) {
  std::int64_t width = add_hidden(*this, encoder, "encoder", config.input_width(), config.encoder);
  std::vector<Head> heads = {{"encoder.mean", config.latent}};
  if (config.variational) heads.push_back({"encoder.log_variance", config.latent});
  add_layer(*this, encoder, width, heads);

  width = add_hidden(*this, decoder, "decoder", config.latent, config.decoder);
  heads.clear();
  const int outputs = likelihood_heads(config.likelihood);
  for (int p = 0; p < outputs; ++p) {
    heads.push_back(
        {concat("decoder.", likelihood_head(config.likelihood, p)), config.output_width() / outputs});
  }
  add_layer(*this, decoder, width, heads);
  trained_size = size;
  if (config.likelihood == LikelihoodKind::gaussian_shared) {
    log_variance_offset = size;
    tensors.push_back({"decoder.log_variance", {1}, size, 1});
    size = align(size + 1);
    count += 1;
  }
}

Parameters::Parameters(Context& context, const ModelConfig& config, std::uint64_t seed)
    : context_(&context), layout_(config), values_(context, layout_.size) {
  values_.fill_zero();
  for (std::size_t t = 0; t < layout_.tensors.size(); ++t) {
    const TensorInfo& tensor = layout_.tensors[t];
    const std::vector<float> drawn =
        tensor.offset == layout_.log_variance_offset
            ? std::vector<float>{std::log(config.constants.variance)}
            : draw(tensor, static_cast<std::int64_t>(t), config.initialization, seed);
    context.copy_to_device(values_.data() + tensor.offset, drawn.data(), drawn.size() * sizeof(float));
  }
}

void Parameters::prepare_training() {
  if (ready_to_train()) return;
  for (Buffer<float>* buffer : {&gradient_, &first_moment_, &second_moment_}) {
    *buffer = Buffer<float>(*context_, layout_.size);
    buffer->fill_zero();
  }
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
    // The device is lost, and says so to whoever asks it next.
  }
}

float* Parameters::log_variance() noexcept {
  return layout_.log_variance_offset < 0 ? nullptr : values_.data() + layout_.log_variance_offset;
}

LinearParameters Parameters::linear(const LayerInfo& layer) {
  const auto weight = [&](Buffer<float>& from) {
    return MatrixView<float>(from.data() + layer.weight_offset, layer.out, layer.in);
  };
  const auto bias = [&](Buffer<float>& from) {
    return VectorView<float>(from.data() + layer.bias_offset, layer.out);
  };
  LinearParameters views;
  views.weight = weight(values_);
  views.bias = bias(values_);
  if (ready_to_train()) {
    views.weight_gradient = weight(gradient_);
    views.bias_gradient = bias(gradient_);
    views.weight_first_moment = weight(first_moment_);
    views.bias_first_moment = bias(first_moment_);
    views.weight_second_moment = weight(second_moment_);
    views.bias_second_moment = bias(second_moment_);
  }
  return views;
}

}  // namespace elbo
