#include "vae/likelihood/likelihood.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "ops/linear_likelihood.h"

namespace elbo {

std::vector<nn::NamedRows> Likelihood::heads() const {
  const int count = likelihood_heads(kind_);
  std::vector<nn::NamedRows> heads;
  for (int p = 0; p < count; ++p) {
    heads.push_back({concat("decoder.", likelihood_head(kind_, p)), parameters_per_value() * dims_ / count});
  }
  return heads;
}

void Likelihood::declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts) {
  slots.nll = builder.activation({.name = "nll", .rows = nn::Rows::samples});
  if (parts > 1 && ops::linear_likelihood_takes(kind_)) {
    slots.nll_parts = builder.activation(
        {.name = "nll.parts", .rows = nn::Rows::samples, .cols = parts, .uses = nn::kTraining});
  }
}

void Likelihood::score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
                       bool gradient) const {
  ops::likelihood(run.context, kind_, constants(run), batch.nll(),
                  gradient ? batch.dparameters() : MatrixView<float>(), batch.parameters(), batch.x(),
                  batch.mask(), weight);
}

void Likelihood::decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                                  const ops::RowWeight& weight) const {
  const auto gemm = decoder.last().output_gemm(run, batch.tape());
  if (!gemm || !ops::linear_likelihood_takes(kind_)) {
    decoder.forward(run, batch.tape());
    return score(run, batch, weight, true);
  }
  decoder.forward_hidden(run, batch.tape());
  ops::linear_likelihood(run.context, kind_, constants(run), batch.nll_parts(), batch.dparameters(), gemm->x,
                         gemm->weight, gemm->bias, batch.x(), batch.mask(), weight);
}

void Likelihood::mean(const nn::Run& run, MatrixView<float> mean, MatrixView<const float> parameters) const {
  ops::likelihood_mean(run.context, kind_, constants(run), mean, parameters);
}

std::unique_ptr<Likelihood> make_elementwise(const ModelConfig& config) {
  return std::make_unique<Likelihood>(config);
}

std::unique_ptr<ValueFormulas> Likelihood::on_host(const nn::Run& run) const {
  return make_value_formulas(kind_, host_constants(run), dims_);
}

}  // namespace elbo
