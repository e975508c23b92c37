#include "base/check.h"
#include "ops/linear_likelihood.h"
#include "recipe/data_settings.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

LikelihoodKind formula_of(const ModelConfig& config) {
  const auto kind = likelihood_named(config.likelihood);
  ELBO_CHECK(kind, ConfigError, "model.likelihood = \"", config.likelihood, "\" has no formula");
  return *kind;
}

}  // namespace

void Likelihood::decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                                  const ops::RowWeight& weight) const {
  decoder.forward(run, batch.tape());
  score(run, batch, weight, true);
}

FormulaLikelihood::FormulaLikelihood(const ModelConfig& config)
    : dims_(config.dims), kind_(formula_of(config)), constants_(config.constants) {}

std::vector<data::ValueRange> FormulaLikelihood::ranges(const DataSettings& settings) const {
  return {value_range(kind_, settings, constants_)};
}

bool FormulaLikelihood::has_unit_input() const {
  const Support support = likelihood_support(kind_);
  return support == Support::unit_interval || support == Support::unit_mean || support == Support::classes;
}

std::vector<nn::NamedRows> FormulaLikelihood::heads() const {
  const int count = likelihood_heads(kind_);
  std::vector<nn::NamedRows> heads;
  for (int p = 0; p < count; ++p) {
    heads.push_back({concat("decoder.", likelihood_head(kind_, p)), parameters_per_value() * dims_ / count});
  }
  return heads;
}

void FormulaLikelihood::declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts) {
  slots.nll = builder.activation({.name = "nll", .rows = nn::Rows::samples});
  if (parts > 1 && ops::linear_likelihood_takes(kind_)) {
    slots.nll_parts = builder.activation(
        {.name = "nll.parts", .rows = nn::Rows::samples, .cols = parts, .uses = nn::kTraining});
  }
}

void FormulaLikelihood::score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
                              bool gradient) const {
  ops::likelihood(run.context, kind_, constants(run), batch.nll(),
                  gradient ? batch.dparameters() : MatrixView<float>(), batch.parameters(), batch.x(),
                  batch.mask(), weight);
}

void FormulaLikelihood::decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                                         const ops::RowWeight& weight) const {
  const auto gemm = decoder.last().output_gemm(run, batch.tape());
  if (!gemm || !ops::linear_likelihood_takes(kind_)) {
    return Likelihood::decode_and_score(run, batch, decoder, weight);
  }
  decoder.forward_hidden(run, batch.tape());
  ops::linear_likelihood(run.context, kind_, constants(run), batch.nll_parts(), batch.dparameters(), gemm->x,
                         gemm->weight, gemm->bias, batch.x(), batch.mask(), weight);
}

void FormulaLikelihood::mean(const nn::Run& run, MatrixView<float> mean,
                             MatrixView<const float> parameters) const {
  ops::likelihood_mean(run.context, kind_, constants(run), mean, parameters);
}

std::unique_ptr<ValueFormulas> FormulaLikelihood::on_host(const nn::Run& run) const {
  return make_value_formulas(kind_, host_constants(run), dims_);
}

std::vector<float> FormulaLikelihood::output_bias(const Examples&, const std::vector<float>& mean) const {
  std::vector<float> bias;
  for (const float value : mean) bias.push_back(location_for_mean(kind_, constants_, value));
  return bias;
}

std::unique_ptr<Likelihood> make_elementwise(const ModelConfig& config) {
  return std::make_unique<FormulaLikelihood>(config);
}

}  // namespace elbo
