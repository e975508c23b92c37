#include "train/output_bias.h"

#include <vector>

#include "data/resident.h"
#include "data/rows.h"
#include "base/check.h"

namespace elbo {
namespace {

std::vector<float> thresholded_mean(const Examples& examples) {
  std::vector<double> ones(static_cast<std::size_t>(examples.dims));
  data::FloatRows rows(examples);
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const auto row = rows[i];
    for (std::size_t j = 0; j < row.size(); ++j) ones[j] += row[j] > 0.5f ? 1.0 : 0.0;
  }
  std::vector<float> mean;
  const auto present = data::presence(examples);
  for (std::size_t j = 0; j < ones.size(); ++j) {
    const double count = present[j] * static_cast<double>(examples.count);
    mean.push_back(static_cast<float>(count > 0.0 ? ones[j] / count : 0.5));
  }
  return mean;
}

/// The mean of each dimension after preprocessing, [dims].
std::vector<float> prepared_mean(const ModelState& state, const Examples& train) {
  const DataSettings& data = state.recipe.data;
  if (data.binarize == Binarize::threshold) return thresholded_mean(train);
  std::vector<float> mean = data::standardization(train).mean;
  for (std::size_t j = 0; j < mean.size() && data.standardize; ++j) {
    if (state.vae->likelihood().standardizes(static_cast<std::int64_t>(j))) mean[j] = 0.0f;
  }
  return mean;
}

}  // namespace

std::vector<float> output_bias_of(const ModelState& state, const Examples& train) {
  const Vae& vae = *state.vae;
  if (!vae.parts().decoder.last().output_bias()) {
    throw ConfigError(
        "model.output_bias = \"data\" needs a bias for each value, but this decoder ends with a convolution, "
        "which has one for each channel. Leave it at \"random\".");
  }
  return vae.likelihood().output_bias(train, prepared_mean(state, train));
}

void set_output_bias(ModelState& state, const std::vector<float>& bias) {
  const Vae& vae = *state.vae;
  const nn::Parameter output = vae.parts().decoder.last().output_bias().value();
  // The first of the layers that give the likelihood's parameters gives the locations.
  const VectorView<float> place = vae.parameters().vector(output, vae.parameters().values());
  ELBO_CHECK(place.size >= std::ssize(bias), ShapeError, bias.size(), " values for a bias of ", place.size);
  state.context->copy_to_device(place.data, bias.data(), sizeof(float) * bias.size());
}

}  // namespace elbo
