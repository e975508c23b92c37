#include "evaluation/annealing.h"

#include <algorithm>
#include <cmath>

#include "math/philox.h"
#include "evaluation/host_copies.h"
#include "base/check.h"
#include "base/running.h"
#include "ops/hamiltonian.h"

namespace elbo {
namespace {

/// Temperatures from 0 to 1, closest together at both ends: the sigmoid from −4 to 4, rescaled (Wu et al.
/// 2017).
std::vector<double> sigmoid_path(std::int64_t steps) {
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  constexpr double kReach = 4.0;
  const double low = sigmoid(-kReach), high = sigmoid(kReach);
  std::vector<double> path;
  for (std::int64_t i = 0; i <= steps; ++i) {
    const double x = kReach * (2.0 * static_cast<double>(i) / static_cast<double>(steps) - 1.0);
    path.push_back((sigmoid(x) - low) / (high - low));
  }
  return path;
}

/// The chains of a batch of examples on the device, in the coordinates relative to the prior.
class Chains {
 public:
  Chains(const Vae& vae, std::int64_t rows, const AnnealingOptions& options)
      : vae_(vae),
        prior_(*vae.prior()),
        options_(options),
        workspace_(vae, rows, options.chains, Purpose::gradients),
        latent_(vae.config().latent),
        count_(rows * options.chains),
        zeros_(vae.context(), rows * latent_),
        z_(vae.context(), count_ * latent_),
        gradient_(vae.context(), count_ * latent_),
        velocity_(vae.context(), count_ * latent_),
        nll_(vae.context(), count_),
        before_(vae.context(), count_),
        after_(vae.context(), count_),
        probability_(vae.context(), count_),
        copies_(vae.context()) {
    zeros_.fill_zero();
  }

  const Workspace& workspace() const { return workspace_; }

  /// Draws every chain's first z from the prior.
  void begin(const Batch& batch) {
    batch_ = batch;
    count_ = batch.rows() * options_.chains;
    Context& context = vae_.context();
    draw(batch.relative_z(), NoisePurpose::anneal_start, 0);
    prior_.from_normal(vae_.run(), batch, options_.seed);
    vae_.decode_with_gradient(batch);
    // A chain's first point has no earlier one to compare with.
    const auto bytes = sizeof(float) * static_cast<std::size_t>(count_);
    context.copy_on_device(z_.data(), batch_.relative_z().data, bytes * static_cast<std::size_t>(latent_));
    context.copy_on_device(gradient_.data(), batch_.dz().data, bytes * static_cast<std::size_t>(latent_));
    context.copy_on_device(nll_.data(), batch_.nll().data, bytes);
  }

  /// Makes one transition, which keeps p(z) p(x|z)^t invariant. Returns the mean probability of acceptance.
  double move(std::int64_t transition, double temperature, double step) {
    Context& context = vae_.context();
    const auto t = static_cast<float>(temperature), size = static_cast<float>(step);
    const MatrixView<float> velocity = velocity_.matrix(count_, latent_);
    draw(velocity, NoisePurpose::anneal_velocity, transition * options_.chains);
    const ops::ChainState<float> state = {z_.matrix(count_, latent_), gradient_.matrix(count_, latent_),
                                          nll_.view().part(0, count_)};
    const auto bytes = sizeof(float) * static_cast<std::size_t>(count_ * latent_);
    context.copy_on_device(batch_.relative_z().data, z_.data(), bytes);
    const nn::Run run = vae_.run();
    prior_.hamiltonian(run, batch_, before_.view().part(0, count_), velocity, state.nll, t);
    prior_.leapfrog(run, batch_, velocity, state.gradient, t, 0.5f * size, size);
    for (std::int64_t i = 1; i <= options_.leapfrogs; ++i) {
      vae_.decode_with_gradient(batch_);
      const bool last = i == options_.leapfrogs;
      prior_.leapfrog(run, batch_, velocity, batch_.dz(), t, last ? 0.5f * size : size, last ? 0.0f : size);
    }
    prior_.hamiltonian(run, batch_, after_.view().part(0, count_), velocity, batch_.nll(), t);
    ops::metropolis(context, state, {batch_.relative_z(), batch_.dz(), batch_.nll()},
                    probability_.view().part(0, count_), before_.view().part(0, count_),
                    after_.view().part(0, count_), options_.chains,
                    noise(NoisePurpose::anneal_accept, transition * options_.chains));
    copies_.request(host_, VectorView<const float>(probability_.data(), count_));
    copies_.wait();
    double total = 0.0;
    for (const float probability : host_) total += probability;
    return total / static_cast<double>(count_);
  }

  /// −log p(x|z) of every chain.
  const std::vector<float>& nll() {
    copies_.request(host_nll_, VectorView<const float>(nll_.data(), count_));
    copies_.wait();
    return host_nll_;
  }

 private:
  NoiseSource noise(NoisePurpose purpose, std::int64_t first) const {
    return {
        .seed = options_.seed, .purpose = purpose, .examples = batch_.examples().data, .first_sample = first};
  }

  /// Draws standard normals, as samples of a posterior that equals the prior.
  void draw(MatrixView<float> to, NoisePurpose purpose, std::int64_t first) {
    const MatrixView<float> zero = zeros_.matrix(batch_.rows(), latent_);
    ops::reparameterize(vae_.context(), to, {}, {}, zero, zero, noise(purpose, first));
  }

  const Vae& vae_;
  const Prior& prior_;
  AnnealingOptions options_;
  Workspace workspace_;
  std::int64_t latent_, count_;
  Buffer<float> zeros_, z_, gradient_, velocity_, nll_, before_, after_, probability_;
  HostCopies copies_;
  Batch batch_;
  std::vector<float> host_, host_nll_;
};

/// The log-weight of each chain of a batch. `step` gives the step size of a transition, and `accepted`
/// receives its mean probability of acceptance. There is no transition after t = 1.
std::vector<double> anneal(Chains& chains, const Batch& batch, const std::vector<double>& path,
                           const std::function<double(std::size_t)>& step,
                           const std::function<void(std::size_t, double)>& accepted) {
  chains.begin(batch);
  std::vector<double> log_weights(chains.nll().size());
  for (std::size_t i = 1; i < path.size(); ++i) {
    const std::vector<float>& nll = chains.nll();
    for (std::size_t c = 0; c < nll.size(); ++c) log_weights[c] -= (path[i] - path[i - 1]) * nll[c];
    if (i + 1 < path.size()) accepted(i, chains.move(static_cast<std::int64_t>(i), path[i], step(i)));
  }
  return log_weights;
}

/// Finds a step size for each temperature in a few runs along the path. Each size starts from the previous
/// temperature's and is corrected by the acceptance it gives.
std::vector<double> find_step_sizes(const Vae& vae, const EvaluationData& data,
                                    const std::vector<double>& path, AnnealingOptions options) {
  constexpr double kWanted = 0.65, kGain = 0.5;
  const std::int64_t runs = std::clamp<std::int64_t>(1 + 200 / options.steps, 2, 6);
  options.seed = ~options.seed;  // random numbers of its own
  options.chains = std::min<std::int64_t>(options.chains, 16);
  const std::int64_t rows = std::min<std::int64_t>(data.count, 16);
  Chains chains(vae, rows, options);
  chains.workspace().prepare();
  const Batch batch = chains.workspace().rows(rows);
  data.fill(batch, 0);
  double size = 0.5 / static_cast<double>(options.leapfrogs);
  std::vector<double> sizes(path.size(), 0.0);
  for (std::int64_t run = 0; run < runs; ++run) {
    anneal(
        chains, batch, path, [&](std::size_t i) { return run == 0 ? size : sizes[i]; },
        [&](std::size_t i, double acceptance) {
          const double before = run == 0 ? size : sizes[i];
          size = std::clamp(before * std::exp(kGain * (acceptance - kWanted)), 1e-6, 1.0);
          sizes[i] = size;
        });
  }
  return sizes;
}

void check(const AnnealingOptions& options, std::int64_t latent) {
  const struct {
    const char* what;
    std::int64_t value;
  } numbers[] = {{"chains", options.chains}, {"steps", options.steps}, {"leapfrogs", options.leapfrogs}};
  for (const auto& [what, value] : numbers) {
    if (value < 1) throw ConfigError(concat("annealing needs at least one of its ", what, ", not ", value));
  }
  // The numbers that an example needs. The product is in double, as it may overflow an integer.
  if (static_cast<double>(options.chains) * (static_cast<double>(options.steps) + 1.0) *
          static_cast<double>(latent) >
      static_cast<double>(math::kNoiseDimensions)) {
    throw ConfigError(concat(options.chains, " chains of ", options.steps, " steps in ", latent,
                             " dimensions need more random numbers an example than there are, ",
                             math::kNoiseDimensions, "; ask for fewer chains or steps."));
  }
}

}  // namespace

AnnealedEstimate annealed_nll(const Vae& vae, const EvaluationData& data, const AnnealingOptions& options) {
  require_examples(data);
  require_density(vae);
  check(options, vae.config().latent);
  const std::vector<double> path = sigmoid_path(options.steps);
  const std::vector<double> sizes = find_step_sizes(vae, data, path, options);
  const std::int64_t rows =
      std::min(std::max<std::int64_t>(evaluation_rows(vae) / options.chains, 1), data.count);
  Chains chains(vae, rows, options);
  RunningMoments nll, effective, acceptance;
  const auto number = static_cast<std::size_t>(options.chains);
  std::int64_t example = 0;
  for_each_batch(chains.workspace(), data, [&](const Batch& batch) {
    const std::vector<double> log_weights = anneal(
        chains, batch, path, [&](std::size_t i) { return sizes[i]; },
        [&](std::size_t, double probability) { acceptance.add(probability); });
    for (std::size_t first = 0; first < log_weights.size(); first += number) {
      RunningLogSumExp sum, squares;
      for (std::size_t c = first; c < first + number; ++c) {
        sum.add(log_weights[c]);
        squares.add(2.0 * log_weights[c]);
      }
      nll.add(std::log(static_cast<double>(number)) - sum.value() + data.log_volume(example++));
      effective.add(std::exp(2.0 * sum.value() - squares.value()));
    }
  });
  return {data.count, nll.mean(), nll.standard_error(), effective.mean(), acceptance.mean()};
}

}  // namespace elbo
