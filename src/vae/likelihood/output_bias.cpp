#include "vae/likelihood/output_bias.h"

#include <algorithm>
#include <cmath>

#include "data/resident.h"
#include "base/check.h"

namespace elbo {
namespace {

constexpr double kLeast = 0.001, kMost = 0.999;
constexpr double kFarthest = 1e12;  // of a location from 0

/// The likelihood's mean where the first of its parameters is `location` and the rest are 0.
double mean_at(const ModelConfig& config, double location) {
  switch (config.likelihood) {
#define ELBO_CASE(kind, Likelihood)                                \
  case LikelihoodKind::kind: {                                     \
    double parameters[math::Likelihood::kParameters] = {location}; \
    return math::Likelihood(config.constants).mean(parameters);    \
  }
    ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
    case LikelihoodKind::categorical:
      break;  // class_bias() is for it
  }
  return 0.0;
}

/// Where a likelihood's mean, which grows with its location, is `mean`.
double location_of(const ModelConfig& config, double mean) {
  double low = -1.0, high = 1.0;
  while (mean_at(config, low) > mean && low > -kFarthest) low *= 2.0;
  while (mean_at(config, high) < mean && high < kFarthest) high *= 2.0;
  if (!(mean_at(config, low) <= mean && mean <= mean_at(config, high))) {
    throw ConfigError(concat("model.output_bias = \"data\" does not suit model.likelihood = \"",
                             likelihood_name(config.likelihood), "\", whose mean cannot be ", mean,
                             ": use \"drawn\"."));
  }
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (mean_at(config, middle) < mean ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::vector<float> thresholded_mean(const Examples& examples) {
  std::vector<double> ones(static_cast<std::size_t>(examples.dims));
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (std::int64_t j = 0; j < examples.dims; ++j) {
      if (examples.value(i, j) > 0.5f) ones[static_cast<std::size_t>(j)] += 1.0;
    }
  }
  std::vector<float> mean;
  const auto present = data::presence(examples);
  for (std::size_t j = 0; j < ones.size(); ++j) {
    const double count = present[j] * static_cast<double>(examples.count);
    mean.push_back(static_cast<float>(count > 0.0 ? ones[j] / count : 0.5));
  }
  return mean;
}

/// log of the share of each class among a dimension's present values, [C·dims].
std::vector<float> class_bias(const ModelConfig& config, const Examples& examples) {
  std::vector<double> count(static_cast<std::size_t>(config.output_width()));
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (std::int64_t j = 0; j < examples.dims; ++j) {
      const float value = examples.value(i, j);
      if (!std::isnan(value)) count[static_cast<std::size_t>(std::lround(value) * examples.dims + j)] += 1.0;
    }
  }
  const auto present = data::presence(examples);
  std::vector<float> bias;
  for (std::size_t at = 0; at < count.size(); ++at) {
    const double of_all = present[at % present.size()] * static_cast<double>(examples.count);
    bias.push_back(static_cast<float>(std::log(std::max(count[at] / std::max(of_all, 1.0), kLeast))));
  }
  return bias;
}

/// The location at which each dimension's mean is that of the data, [dims].
std::vector<float> mean_bias(const ModelConfig& config, const DataSettings& data, const Examples& train) {
  std::vector<float> mean(static_cast<std::size_t>(config.dims), 0.0f);
  if (data.binarize == "threshold") {
    mean = thresholded_mean(train);
  } else if (!data.standardize) {
    mean = data::standardization(train).mean;
  }
  const bool in_unit_interval = mean_at(config, kFarthest) <= 1.0;
  std::vector<float> bias;
  for (const float value : mean) {
    const double kept = in_unit_interval ? std::clamp<double>(value, kLeast, kMost) : value;
    bias.push_back(static_cast<float>(location_of(config, kept)));
  }
  return bias;
}

}  // namespace

void set_output_bias(Model::State& state, const Examples& train) {
  const ModelConfig& config = state.vae->config();
  const bool classes = config.likelihood == LikelihoodKind::categorical;
  const std::vector<float> bias =
      classes ? class_bias(config, train) : mean_bias(config, state.recipe.data, train);
  Parameters& parameters = state.vae->parameters();
  const auto& tensors = parameters.layout().tensors;
  const auto output = std::ranges::find(tensors, std::string("decoder.output.bias"), &TensorInfo::name);
  ELBO_CHECK(output != tensors.end() && output->size() == std::ssize(bias), ConfigError,
             "model.output_bias = \"data\" needs a decoder with one output bias per value (and class)");
  state.context->copy_to_device(parameters.values().data + output->offset, bias.data(),
                                sizeof(float) * bias.size());
}

}  // namespace elbo
