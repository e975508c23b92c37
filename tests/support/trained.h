#pragma once
// A small model with a batch, on the device and in float64, for comparing gradients of whole objectives with
// finite differences.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "support/device.h"
#include "support/reference_vae.h"
#include "vae/workspace.h"

namespace elbo::test {

/// A model with a training batch, and the same in float64.
class Trained {
 public:
  static constexpr std::int64_t kRows = 5, kDims = 7;
  using BatchCosts = std::vector<ReferenceVae::Costs>;

  Trained(const ModelSettings& settings, std::int64_t samples, const ObjectiveSettings& objective)
      : config_(resolve(settings, objective)),
        vae_(context_, config_, 7),
        workspace_(vae_, kRows + 1, samples, Purpose::training),
        a_(workspace_.rows(kRows)),
        reference_(config_, {}) {
    vae_.parameters().prepare_training();
    strengthen_posterior();
    if (prior_is_conditional()) move_prior();
    for (std::int32_t i = 0; i < kRows; ++i) labels_.push_back(2 * i % 3);
    for (std::int64_t i = 0; i < kRows * kDims; ++i) {
      x_.push_back(static_cast<double>(i * 29 % 83) / 82.0);
      input_.push_back(a_.corrupted() ? static_cast<double>(i * 17 % 31) / 20.0 - 0.3 : x_.back());
    }
    load(a_, 0);
    reference_ = ReferenceVae(config_, to_named(vae_.parameters().layout(), values_to_host()));
    if (vae_.prior()) draw_noise();
  }

  Context& context() { return context_; }

  /// The batch's costs in float64.
  BatchCosts costs() const {
    BatchCosts all;
    for (std::int64_t i = 0; i < kRows; ++i) {
      all.push_back(reference_.costs(
          x_.data() + i * kDims, epsilon_.data() + i * a_.samples() * config_.latent, a_.samples(), nullptr,
          input_.data() + i * kDims, labels_[static_cast<std::size_t>(i)]));
    }
    return all;
  }

  /// The gradient at `rates` by a step over `parts` of the batch, {first row, rows}, in order; by name.
  NamedTensors gradient(const ObjectiveRates& rates, const std::vector<std::array<std::int64_t, 2>>& parts) {
    for (const auto& [first, count] : parts) {
      Batch part = workspace_.rows(count);
      part.step_rows = kRows;
      load(part, first);
      nn::GradientUse use;
      use.accumulate = first > 0;
      vae_.forward_backward(part, kNoise, rates, use);
    }
    return to_named(vae_.parameters().layout(), to_host(vae_.parameters().gradient()));
  }
  /// [n·K] from the last pass.
  std::vector<float> log_ratios() { return to_host(a_.log_ratio()); }
  /// Copies its values to `other`'s parameters of the same names; other parameters become 0.
  void share_parameters(Trained& other) {
    const NamedTensors theirs = to_named(other.vae_.parameters().layout(), other.values_to_host());
    std::vector<float> values = values_to_host();
    for (const nn::TensorInfo& tensor : vae_.parameters().layout().tensors) {
      const auto found = theirs.find(tensor.name);
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        values[static_cast<std::size_t>(tensor.offset) + at] =
            found == theirs.end() ? 0.0f : static_cast<float>(found->second[at]);
      }
    }
    context_.copy_to_device(vae_.parameters().values().data, values.data(), sizeof(float) * values.size());
    context_.synchronize();
  }

  /// The objective's costs, and its weights of the KL.
  ops::BatchCosts described() const {
    ops::BatchCosts costs;
    vae_.objective().describe_costs(a_, costs);
    return costs;
  }
  ops::KlWeight kl_weight() const { return vae_.objective().kl_weight(a_, {}); }

  /// Expects the gradient of the objective at `rates` to be that of `minimised(costs())`.
  void expect_gradient(const ObjectiveRates& rates,
                       const std::function<double(const BatchCosts&)>& minimised) {
    vae_.forward_backward(a_, kNoise, rates);
    const nn::ParameterLayout& layout = vae_.parameters().layout();
    Buffer<float> copy(context_, layout.size);
    context_.copy_on_device(copy.data(), vae_.parameters().gradient().data, sizeof(float) * layout.size);
    const std::vector<float> gradient = copy.to_host();
    double covered = 0.0;
    for (const nn::TensorInfo& tensor : layout.tensors) {
      for (std::int64_t i = 0; i < tensor.size(); ++i) {
        double& parameter = reference_.tensors().at(tensor.name)[static_cast<std::size_t>(i)];
        const double expected = finite_difference(
            parameter, [&] { return minimised(costs()); }, 1e-4);
        const double actual = gradient[static_cast<std::size_t>(tensor.offset + i)];
        ASSERT_TRUE(std::abs(actual - expected) <= 2e-5 + 2e-4 * std::abs(expected))
            << tensor.name << "[" << i << "]: " << actual << " but finite differences give " << expected;
        covered += std::abs(expected);
      }
    }
    EXPECT_GT(covered, 0.0);
  }

  std::vector<float> to_host(VectorView<const float> from) {
    std::vector<float> host(static_cast<std::size_t>(from.size));
    context_.copy_to_host(host.data(), from.data, sizeof(float) * host.size());
    context_.synchronize();
    return host;
  }

 private:
  static constexpr NoiseSource kNoise = {.seed = 5};

  static ModelConfig resolve(const ModelSettings& settings, const ObjectiveSettings& objective) {
    ModelConfig config = elbo::resolve(settings, kDims);
    config.objective = objective;
    return config;
  }

  /// Loads as many rows as the batch has, from `first` on.
  void load(const Batch& batch, std::int64_t first) {
    fill(batch.input(), input_, first);
    fill(batch.x(), x_, first);
    vae_.parts().condition.set(vae_.run(), batch, labels_, first);
    std::vector<std::int64_t> examples(static_cast<std::size_t>(batch.rows()));
    std::iota(examples.begin(), examples.end(), 10 + first);
    context_.copy_to_device(batch.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));
  }
  void fill(MatrixView<float> to, const std::vector<double>& values, std::int64_t first) {
    for (std::int64_t i = 0; i < to.rows; ++i) {
      const auto begin = values.begin() + (first + i) * kDims;
      const std::vector<float> row(begin, begin + kDims);
      context_.copy_to_device(to.data + i * to.stride, row.data(), row.size() * sizeof(float));
    }
  }
  std::vector<float> values_to_host() { return to_host(vae_.parameters().values()); }
  bool prior_is_conditional() const { return vae_.prior() && vae_.prior()->is_conditional(); }
  /// Moves the prior's parameters from where they begin, at 0.
  void move_prior() {
    std::vector<float> values = values_to_host();
    for (const nn::TensorInfo& tensor : vae_.parameters().layout().tensors) {
      for (std::int64_t i = 0; tensor.name.starts_with("prior.") && i < tensor.size(); ++i)
        values[static_cast<std::size_t>(tensor.offset + i)] +=
            0.35f * std::sin(0.8f + 2.3f * static_cast<float>(i));
    }
    context_.copy_to_device(vae_.parameters().values().data, values.data(), sizeof(float) * values.size());
    context_.synchronize();
  }
  /// Doubles the parameters, as a new model's posterior is close to the prior in every dimension.
  void strengthen_posterior() {
    std::vector<float> values = values_to_host();
    for (float& value : values) value *= 2.0f;
    context_.copy_to_device(vae_.parameters().values().data, values.data(), sizeof(float) * values.size());
    context_.synchronize();
  }
  /// Gets ε from reparameterize with μ = 0, log σ² = 0.
  void draw_noise() {
    const std::int64_t drawn = kRows * a_.samples(), latent = config_.latent;
    Buffer<float> zero(context_, kRows * latent), e(context_, drawn * latent);
    zero.fill_zero();
    NoiseSource keyed = kNoise;
    keyed.examples = a_.examples().data;
    const MatrixView<const float> zeros = zero.matrix(kRows, latent);
    ops::reparameterize(context_, e.matrix(drawn, latent), {}, {}, zeros, zeros, keyed);
    const auto host = e.to_host();
    epsilon_.assign(host.begin(), host.end());
  }

  Context context_{device()};
  ModelConfig config_;
  Vae vae_;
  Workspace workspace_;
  Batch a_;
  ReferenceVae reference_;
  std::vector<double> x_, input_, epsilon_;
  std::vector<std::int32_t> labels_;  ///< read by conditional models alone
};

inline double mean_nll(const Trained::BatchCosts& batch) {
  double total = 0.0;
  for (const auto& c : batch) {
    total += std::accumulate(c.nll.begin(), c.nll.end(), 0.0) / static_cast<double>(c.nll.size());
  }
  return total / static_cast<double>(batch.size());
}

inline std::vector<double> mean_kl(const Trained::BatchCosts& batch) {
  std::vector<double> mean(batch.front().kl_of_dimension.size());
  for (const auto& c : batch) {
    for (std::size_t d = 0; d < mean.size(); ++d)
      mean[d] += c.kl_of_dimension[d] / static_cast<double>(batch.size());
  }
  return mean;
}

inline double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace elbo::test
