#include "vae/prior/gaussian_mixture.h"

#include "ops/hamiltonian.h"
#include "ops/host_noise.h"
#include "ops/sampled_kl.h"
#include "vae/prior/host_mixture.h"

namespace elbo {
namespace {

Table to_host(Context& context, MatrixView<const float> from) {
  Table table{from.rows, from.cols, std::vector<float>(static_cast<std::size_t>(from.rows * from.cols))};
  for (std::int64_t i = 0; i < from.rows; ++i) {
    context.copy_to_host(table.values.data() + i * from.cols, from.row(i),
                         sizeof(float) * static_cast<std::size_t>(from.cols));
  }
  context.synchronize();
  return table;
}

}  // namespace

void GaussianMixture::declare_passes(nn::Builder& builder) {
  const auto one = nn::Rows::one;
  precision_ = builder.activation({.name = "prior.precision", .rows = one, .cols = components_ * latent_});
  log_weight_ = builder.activation({.name = "prior.log_weight", .rows = one, .cols = components_});
  log_scale_ = builder.activation({.name = "prior.log_scale", .rows = one, .cols = components_});
  excess_ = builder.activation({.name = "prior.excess", .rows = nn::Rows::samples});
  responsibilities_ = builder.activation({.name = "prior.responsibilities",
                                          .rows = nn::Rows::samples,
                                          .cols = components_,
                                          .uses = nn::kTraining});
  weights_ = builder.activation({.name = "prior.weights", .rows = nn::Rows::samples, .uses = nn::kTraining});
}

void GaussianMixture::prepare_components(const nn::Run& run, const Batch& batch,
                                         MatrixView<const float> log_variance,
                                         VectorView<const float> logits) const {
  const nn::Tape& tape = batch.tape();
  ops::mixture_prepare(run.context, {tape.vector(precision_).data, components_, latent_},
                       tape.vector(log_weight_), tape.vector(log_scale_), log_variance, logits);
}

ops::Mixture GaussianMixture::mixture(const nn::Run& run, const Batch& batch) const {
  const nn::Tape& tape = batch.tape();
  return {components_of(run, batch).mean,
          MatrixView<float>(tape.vector(precision_).data, components_, latent_), tape.vector(log_weight_),
          tape.vector(log_scale_)};
}

void GaussianMixture::add_cost(const nn::Run& run, const Batch& batch) const {
  const nn::Tape& tape = batch.tape();
  ops::mixture_excess(run.context, tape.vector(excess_), tape[responsibilities_], batch.z(),
                      mixture(run, batch));
  ops::sampled_kl(run.context, batch.kl(), batch.log_ratio(), tape.vector(excess_));
}

VectorView<const float> GaussianMixture::backward(const nn::Run& run, const Batch& batch,
                                                  const ops::KlWeight& weight, float divisor) const {
  const nn::Tape& tape = batch.tape();
  const VectorView<float> weights = tape.vector(weights_);
  ops::sample_weights(run.context, weights, weight, batch.samples(), divisor);
  ops::mixture_backward_codes(run.context, batch.dz(), batch.z(), mixture(run, batch),
                              tape[responsibilities_], weights, 1.0f);
  return weights;
}

void GaussianMixture::backward_components(const nn::Run& run, const Batch& batch,
                                          const ops::MixtureGradient& gradient, bool accumulate) const {
  const nn::Tape& tape = batch.tape();
  ops::mixture_backward_components(run.context, gradient, batch.z(), mixture(run, batch),
                                   tape[responsibilities_], tape.vector(weights_), accumulate);
}

std::unique_ptr<HostPrior> GaussianMixture::on_host(const nn::Run& run, const Batch& batch) const {
  const Components components = components_of(run, batch);
  const VectorView<const float> weights = batch.tape().vector(log_weight_);
  const Table log_weight = to_host(run.context, {weights.data, 1, weights.size});
  return std::make_unique<HostMixture>(to_host(run.context, components.mean),
                                       to_host(run.context, components.log_variance), log_weight.values);
}

// Runs on the host: it handles few codes once per batch, which is not worth a kernel.
void GaussianMixture::from_normal(const nn::Run& run, const Batch& batch, std::uint64_t seed) const {
  const auto host = on_host(run, batch);
  const auto& mixture = static_cast<const HostMixture&>(*host);
  const MatrixView<float> z = batch.z();
  Table codes = to_host(run.context, z);
  std::vector<std::int64_t> examples(static_cast<std::size_t>(batch.rows()));
  run.context.copy_to_host(examples.data(), batch.examples().data, sizeof(std::int64_t) * examples.size());
  run.context.synchronize();
  std::vector<float> numbers(static_cast<std::size_t>(batch.samples()));
  float* code = codes.values.data();
  for (const std::int64_t example : examples) {
    fill_uniform(numbers, seed, NoisePurpose::anneal_start, example,
                 first_dimension_after(batch.samples() * latent_));
    for (const float number : numbers) {
      mixture.place({code, static_cast<std::size_t>(latent_)}, number);
      code += latent_;
    }
  }
  run.context.copy_to_device(z.data, codes.values.data(), sizeof(float) * codes.values.size());
}

// Adds the mixture's part of the gradient to the velocity separately, before the codes move.
void GaussianMixture::leapfrog(const nn::Run& run, const Batch& batch, MatrixView<float> velocity,
                               MatrixView<const float> gradient, float temperature, float kick,
                               float drift) const {
  const nn::Tape& tape = batch.tape();
  const ops::Mixture of = mixture(run, batch);
  ops::mixture_excess(run.context, tape.vector(excess_), tape[responsibilities_], batch.z(), of);
  ops::mixture_backward_codes(run.context, velocity, batch.z(), of, tape[responsibilities_], {}, -kick);
  ops::leapfrog(run.context, batch.z(), velocity, gradient, temperature, kick, drift);
}

void GaussianMixture::hamiltonian(const nn::Run& run, const Batch& batch, VectorView<float> energy,
                                  MatrixView<const float> velocity, VectorView<const float> nll,
                                  float temperature) const {
  const VectorView<float> excess = batch.tape().vector(excess_);
  ops::hamiltonian(run.context, energy, batch.z(), velocity, nll, temperature);
  ops::mixture_excess(run.context, excess, {}, batch.z(), mixture(run, batch));
  ops::sampled_kl(run.context, {}, energy, excess);
}

}  // namespace elbo
