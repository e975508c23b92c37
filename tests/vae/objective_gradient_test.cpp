// Objectives that see a batch as a whole, or more than its costs, against float64 finite differences: free
// bits, capacity, penalised codes, corrupted inputs.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "vae/workspace.h"
#include "ops/code_penalty.h"
#include "support/device.h"
#include "support/reference_vae.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kRows = 5, kDims = 7;
constexpr float kBeta = 0.8f;

ModelSettings settings(const std::string& kind, std::int64_t latent) {
  ModelSettings s;
  s.kind = kind;
  s.encoder = {6};
  s.decoder = {5, 8};
  s.latent = latent;
  s.activation = "tanh";
  return s;
}

/// A model with a batch that it is to be trained on, and the same in float64.
class Trained {
 public:
  using BatchCosts = std::vector<ReferenceVae::Costs>;

  Trained(const ModelSettings& settings, std::int64_t samples, const ObjectiveSettings& objective)
      : config_(resolve(settings, objective)),
        vae_(context_, config_, 7),
        workspace_(vae_, kRows + 1, samples, Purpose::training),
        a_(workspace_.rows(kRows)),
        reference_(config_, {}) {
    vae_.parameters().prepare_training();
    strengthen_posterior();
    for (std::int64_t i = 0; i < kRows * kDims; ++i) {
      x_.push_back(static_cast<double>(i * 29 % 83) / 82.0);
      input_.push_back(a_.corrupted() ? static_cast<double>(i * 17 % 31) / 20.0 - 0.3 : x_.back());
    }
    fill(a_.input(), input_);
    fill(a_.x(), x_);
    std::vector<std::int64_t> examples(kRows);
    std::iota(examples.begin(), examples.end(), 10);
    context_.copy_to_device(a_.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));
    reference_ = ReferenceVae(config_, to_named(vae_.parameters().layout(), download_values()));
    if (vae_.prior()) draw_noise();
  }

  Context& context() { return context_; }

  /// The batch's costs in float64.
  BatchCosts costs() const {
    BatchCosts all;
    for (std::int64_t i = 0; i < kRows; ++i) {
      all.push_back(reference_.costs(x_.data() + i * kDims,
                                     epsilon_.data() + i * a_.samples() * config_.latent, a_.samples(),
                                     nullptr, input_.data() + i * kDims));
    }
    return all;
  }

  /// What the objective says it costs, and how it weighs the KL.
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
    const std::vector<float> gradient = copy.download();
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

  std::vector<float> download(VectorView<const float> from) {
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

  void fill(MatrixView<float> to, const std::vector<double>& values) {
    for (std::int64_t i = 0; i < kRows; ++i) {
      const std::vector<float> row(values.begin() + i * kDims, values.begin() + (i + 1) * kDims);
      context_.copy_to_device(to.data + i * to.stride, row.data(), row.size() * sizeof(float));
    }
  }
  std::vector<float> download_values() { return download(vae_.parameters().values()); }
  /// Parameters twice as large: a fresh model's posterior is close to the prior in every dimension.
  void strengthen_posterior() {
    std::vector<float> values = download_values();
    for (float& value : values) value *= 2.0f;
    context_.copy_to_device(vae_.parameters().values().data, values.data(), sizeof(float) * values.size());
    context_.synchronize();
  }
  /// ε is what reparameterize gives for μ = 0, log σ² = 0.
  void draw_noise() {
    const std::int64_t drawn = kRows * a_.samples(), latent = config_.latent;
    Buffer<float> zero(context_, kRows * latent), e(context_, drawn * latent);
    zero.fill_zero();
    NoiseSource keyed = kNoise;
    keyed.examples = a_.examples().data;
    const MatrixView<const float> zeros = zero.matrix(kRows, latent);
    ops::reparameterize(context_, e.matrix(drawn, latent), {}, {}, zeros, zeros, keyed);
    const auto host = e.download();
    epsilon_.assign(host.begin(), host.end());
  }

  Context context_{device()};
  ModelConfig config_;
  Vae vae_;
  Workspace workspace_;
  Batch a_;
  ReferenceVae reference_;
  std::vector<double> x_, input_, epsilon_;
};

double mean_nll(const Trained::BatchCosts& batch) {
  double total = 0.0;
  for (const auto& c : batch) {
    total += std::accumulate(c.nll.begin(), c.nll.end(), 0.0) / static_cast<double>(c.nll.size());
  }
  return total / static_cast<double>(batch.size());
}

std::vector<double> mean_kl(const Trained::BatchCosts& batch) {
  std::vector<double> mean(batch.front().kl_of_dimension.size());
  for (const auto& c : batch) {
    for (std::size_t d = 0; d < mean.size(); ++d)
      mean[d] += c.kl_of_dimension[d] / static_cast<double>(batch.size());
  }
  return mean;
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

class ObjectiveGradient : public testing::TestWithParam<int> {};  // samples

TEST_P(ObjectiveGradient, FreeBits) {
  ELBO_REQUIRE_DEVICE();
  // Between the second and the third of the four dimensions' divergences: two are free.
  auto kl = mean_kl(Trained(settings("vae", 4), GetParam(), {}).costs());
  std::sort(kl.begin(), kl.end());
  const auto nats = static_cast<float>(0.5 * (kl[1] + kl[2]));
  ObjectiveSettings objective;
  objective.free_bits = nats;
  Trained model(settings("vae", 4), GetParam(), objective);
  ASSERT_GT(kl[2] - kl[1], 1e-3) << "the test needs dimensions that differ";
  const Buffer<float> beta(model.context(), std::span<const float>(&kBeta, 1));
  const auto kl_cost = [&](const Trained::BatchCosts& batch) {
    double cost = 0.0;
    for (const double value : mean_kl(batch)) cost += std::max<double>(nats, value);
    return kBeta * cost;
  };
  model.expect_gradient({.kl_weight = beta.data()},
                        [&](const auto& batch) { return mean_nll(batch) + kl_cost(batch); });
  const auto counts = model.download(model.kl_weight().per_dimension);
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0.0f), 2);
  EXPECT_NEAR(model.download({model.described().kl_cost, 1})[0], kl_cost(model.costs()), 1e-5);
}

TEST_P(ObjectiveGradient, Capacity) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.capacity = 1.0;  // that of a step is in its rates
  Trained model(settings("vae", 3), GetParam(), objective);
  const Buffer<float> beta(model.context(), std::span<const float>(&kBeta, 1));
  const double kl = total(mean_kl(model.costs()));
  for (const double share : {0.5, 2.0}) {
    const auto capacity = static_cast<float>(share * kl);
    const Buffer<float> capacity_device(model.context(), std::span<const float>(&capacity, 1));
    const auto kl_cost = [&](const Trained::BatchCosts& batch) {
      return kBeta * std::abs(total(mean_kl(batch)) - double{capacity});
    };
    model.expect_gradient({beta.data(), capacity_device.data()},
                          [&](const auto& batch) { return mean_nll(batch) + kl_cost(batch); });
    EXPECT_NEAR(model.download({model.described().kl_cost, 1})[0], kl_cost(model.costs()), 1e-5);
  }
}

// The encoder reads the corrupted values, the likelihood the clean ones.
TEST_P(ObjectiveGradient, CorruptedInput) {
  ELBO_REQUIRE_DEVICE();
  ObjectiveSettings objective;
  objective.corruption = "gaussian";
  objective.corruption_amount = 0.1;  // its noise is not what the test writes there
  Trained model(settings("vae", 3), GetParam(), objective);
  model.expect_gradient({}, [](const auto& batch) { return mean_nll(batch) + total(mean_kl(batch)); });
}

INSTANTIATE_TEST_SUITE_P(Samples, ObjectiveGradient, testing::Values(1, 3));

TEST(ObjectiveGradient, PenalisedCode) {
  ELBO_REQUIRE_DEVICE();
  for (const auto& penalty :
       {ops::CodePenalty{0.3f, 0.0f}, ops::CodePenalty{0.0f, 0.2f}, ops::CodePenalty{0.3f, 0.2f}}) {
    ObjectiveSettings objective;
    objective.code_l1 = penalty.l1;
    objective.code_l2 = penalty.l2;
    Trained model(settings("autoencoder", 3), 1, objective);
    const auto code_cost = [&](const ReferenceVae::Costs& c) {
      double cost = 0.0;
      for (const double z : c.code) cost += penalty.l1 * std::abs(z) + penalty.l2 * z * z;
      return cost;
    };
    model.expect_gradient({}, [&](const Trained::BatchCosts& batch) {
      double cost = 0.0;
      for (const auto& c : batch) cost += code_cost(c);
      return mean_nll(batch) + cost / static_cast<double>(batch.size());
    });
    const auto costs = model.download(model.described().penalty);
    const auto reference = model.costs();
    for (std::size_t i = 0; i < costs.size(); ++i) EXPECT_NEAR(costs[i], code_cost(reference[i]), 1e-5);
  }
}

}  // namespace
}  // namespace elbo::test
