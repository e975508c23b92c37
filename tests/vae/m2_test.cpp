// Models that infer labels (model.kind = "m2") against their formulas in float64.

#include <gtest/gtest.h>

#include <numeric>

#include "ops/reparameterize.h"
#include "runtime/buffer.h"
#include "support/device.h"
#include "support/reference_m2.h"
#include "support/trained.h"
#include "support/training.h"
#include "vae/workspace.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kRows = 5, kDims = 6;
constexpr std::uint64_t kSeed = 5;

struct M2Case {
  std::string name;
  void (*change)(Recipe&);
};

/// A model with a batch of labelled and unlabelled examples, and its float64 reference.
class InferringModel {
 public:
  explicit InferringModel(const M2Case& c, Purpose purpose = Purpose::training)
      : context_(device()), config_(config_of(c)), vae_(context_, config_, 11) {
    vae_.parameters().prepare_training();
    workspace_ = std::make_unique<Workspace>(vae_, kRows + 2, 1, purpose);
    batch_ = workspace_->rows(kRows);
    for (std::int64_t i = 0; i < kRows * kDims; ++i) x_.push_back(static_cast<float>(i * 37 % 101) / 100.0f);
    context_.copy_to_device(batch_.x().data, x_.data(), x_.size() * sizeof(float));
    vae_.parts().condition.set(vae_.run(), batch_, labels_, 0);
    std::vector<std::int64_t> examples(kRows);
    std::iota(examples.begin(), examples.end(), 40);
    context_.copy_to_device(batch_.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));
    context_.synchronize();
  }

  static ModelConfig config_of(const M2Case& c) {
    Recipe recipe = small_recipe();
    infer_labels(recipe);
    recipe.model.encoder = {5};
    recipe.model.decoder = {4, 5};
    recipe.model.classifier = {4};
    recipe.model.latent = 2;
    recipe.model.activation = "tanh";
    c.change(recipe);
    return resolve(recipe, kDims);
  }

  /// ε [rows, latent]: the classes of an example share it.
  std::vector<double> epsilon() {
    Buffer<float> zero(context_, kRows * config_.latent), e(context_, kRows * config_.latent);
    zero.fill_zero();
    ops::reparameterize(context_, e.matrix(kRows, config_.latent), {}, {}, zero.matrix(kRows, config_.latent),
                        zero.matrix(kRows, config_.latent),
                        {.seed = kSeed, .examples = batch_.examples().data});
    const auto host = e.to_host();
    return {host.begin(), host.end()};
  }

  NamedTensors tensors(VectorView<const float> values) {
    const nn::ParameterLayout& layout = vae_.parameters().layout();
    Buffer<float> copy(context_, layout.size);
    context_.copy_on_device(copy.data(), values.data, sizeof(float) * static_cast<std::size_t>(layout.size));
    return to_named(layout, copy.to_host());
  }

  std::vector<float> host(VectorView<const float> values) {
    Buffer<float> copy(context_, values.size);
    context_.copy_on_device(copy.data(), values.data, sizeof(float) * static_cast<std::size_t>(values.size));
    return copy.to_host();
  }

  Context context_;
  ModelConfig config_;
  Vae vae_;
  std::unique_ptr<Workspace> workspace_;
  Batch batch_;
  std::vector<float> x_;
  std::vector<std::int32_t> labels_ = {2, kNoLabel, 0, kNoLabel, kNoLabel};
};

class M2Gradient : public testing::TestWithParam<M2Case> {};

TEST_P(M2Gradient, AgreesWithFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  constexpr float kClassifier = 1.7f, kBeta = 0.6f;
  InferringModel m2(GetParam());
  Buffer<float> beta(m2.context_, std::span<const float>(&kBeta, 1));
  m2.vae_.forward_backward(m2.batch_, {.seed = kSeed}, {.kl_weight = beta.data(), .classifier = kClassifier});

  ReferenceVae reference(m2.config_, m2.tensors(m2.vae_.parameters().values()));
  const NamedTensors gradient = m2.tensors(m2.vae_.parameters().gradient());
  const std::vector<double> x(m2.x_.begin(), m2.x_.end()), epsilon = m2.epsilon();
  const auto costs = [&](std::int64_t i) {
    const std::int32_t label = m2.labels_[static_cast<std::size_t>(i)];
    return reference_m2(reference, m2.config_, x.data() + i * kDims, epsilon.data() + i * m2.config_.latent,
                        label == kNoLabel ? -1 : label, kBeta, kClassifier);
  };
  const auto objective = [&] {
    double total = 0.0;
    for (std::int64_t i = 0; i < kRows; ++i) total += costs(i).cost / kRows;
    return total;
  };
  for (const nn::TensorInfo& tensor : m2.vae_.parameters().layout().tensors) {
    double covered = 0.0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.size()); ++i) {
      const double expected = finite_difference(reference.tensors().at(tensor.name)[i], objective);
      const double actual = gradient.at(tensor.name)[i];
      ASSERT_TRUE(std::abs(actual - expected) <= 2e-5 + 2e-4 * std::abs(expected))
          << tensor.name << "[" << i << "]: " << actual << " but finite differences give " << expected;
      covered += std::abs(expected);
    }
    EXPECT_GT(covered, 0.0) << tensor.name;
  }

  const auto nll = m2.host(m2.batch_.bound_nll()), kl = m2.host(m2.batch_.bound_kl());
  ops::BatchCosts minimised;
  m2.vae_.objective().describe_costs(m2.batch_, minimised);
  const auto cost = m2.host(minimised.objective);
  for (std::int64_t i = 0; i < kRows; ++i) {
    const M2Costs expected = costs(i);
    const auto at = static_cast<std::size_t>(i);
    EXPECT_NEAR(nll[at], expected.nll, 1e-5 * (1.0 + std::abs(expected.nll)));
    EXPECT_NEAR(kl[at], expected.kl, 1e-5 * (1.0 + std::abs(expected.kl)));
    EXPECT_NEAR(cost[at], expected.cost, 1e-5 * (1.0 + std::abs(expected.cost)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, M2Gradient,
    testing::Values(M2Case{"dense", [](Recipe&) {}},
                    M2Case{"linear_encoder", [](Recipe& r) { r.model.encoder = {}; }},
                    M2Case{"linear_all",
                           [](Recipe& r) { r.model.encoder = r.model.decoder = r.model.classifier = {}; }},
                    M2Case{"gelu", [](Recipe& r) { r.model.activation = "gelu"; }},
                    M2Case{"deep",
                           [](Recipe& r) {
                             r.model.encoder = r.model.classifier = {5, 4};
                           }},
                    M2Case{"normed",
                           [](Recipe& r) {
                             r.model.encoder = {"5", "norm layer"};
                           }},
                    M2Case{"learned_variance", [](Recipe& r) { r.model.likelihood = "gaussian-learned"; }},
                    M2Case{"dropout_of_nothing",
                           [](Recipe& r) {
                             r.model.classifier = {"dropout 0", 4};
                           }},
                    M2Case{"bounded",
                           [](Recipe& r) {
                             r.model.log_variance_bounds = {-6.0, 2.0};
                           }}),
    [](const auto& tested) { return tested.param.name; });

// The baseline: the gradient of classifier · −log q(y|x) of the labelled examples, and none elsewhere.
TEST(M2ClassifierAlone, LeavesEncoderAndDecoder) {
  ELBO_REQUIRE_DEVICE();
  constexpr float kClassifier = 1.7f;
  InferringModel m2({"alone", [](Recipe& r) { r.objective.classifier_alone = true; }});
  m2.labels_ = {2, 1, 0, 3, 3};
  m2.vae_.parts().condition.set(m2.vae_.run(), m2.batch_, m2.labels_, 0);
  m2.vae_.forward_backward(m2.batch_, {.seed = kSeed}, {.classifier = kClassifier});
  ReferenceVae reference(m2.config_, m2.tensors(m2.vae_.parameters().values()));
  const NamedTensors gradient = m2.tensors(m2.vae_.parameters().gradient());
  const auto objective = [&] {
    double total = 0.0;
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto x = m2.x_.begin() + static_cast<std::ptrdiff_t>(i) * kDims;
      const auto log_q = reference_log_classes(reference, m2.config_, {x, x + kDims});
      total -= kClassifier * log_q[static_cast<std::size_t>(m2.labels_[i])] / kRows;
    }
    return total;
  };
  for (const nn::TensorInfo& tensor : m2.vae_.parameters().layout().tensors) {
    const auto& actual = gradient.at(tensor.name);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (!tensor.name.starts_with("classifier.")) {
        ASSERT_EQ(actual[i], 0.0) << tensor.name;
        continue;
      }
      const double expected = finite_difference(reference.tensors().at(tensor.name)[i], objective);
      ASSERT_NEAR(actual[i], expected, 2e-5 + 2e-4 * std::abs(expected)) << tensor.name << "[" << i << "]";
    }
  }
  ops::BatchCosts minimised;
  m2.vae_.objective().describe_costs(m2.batch_, minimised);
  double mean = 0.0;
  for (const float cost : m2.host(minimised.objective)) mean += cost / kRows;
  EXPECT_NEAR(mean, objective(), 1e-5);
}

TEST(M2Workspace, HasEveryClassButInPlainEvaluation) {
  ELBO_REQUIRE_DEVICE();
  const M2Case dense = {"dense", [](Recipe&) {}};
  EXPECT_EQ(InferringModel(dense, Purpose::evaluation).batch_.classes(), 1);
  for (const Purpose purpose : {Purpose::bound, Purpose::gradients, Purpose::training})
    EXPECT_EQ(InferringModel(dense, purpose).batch_.classes(), 4);
}

// In evaluation a label is not used, even where it is known.
TEST(M2Bound, IsOverAllLabels) {
  ELBO_REQUIRE_DEVICE();
  InferringModel m2({"dense", [](Recipe&) {}}, Purpose::bound);
  const std::vector<std::int32_t> none(kRows, kNoLabel);
  m2.vae_.parts().condition.set(m2.vae_.run(), m2.batch_, none, 0);
  m2.workspace_->prepare();
  m2.vae_.forward(m2.batch_, {.seed = kSeed});
  ReferenceVae reference(m2.config_, m2.tensors(m2.vae_.parameters().values()));
  const std::vector<double> x(m2.x_.begin(), m2.x_.end()), epsilon = m2.epsilon();
  const auto nll = m2.host(m2.batch_.bound_nll()), kl = m2.host(m2.batch_.bound_kl());
  for (std::int64_t i = 0; i < kRows; ++i) {
    const M2Costs expected = reference_m2(reference, m2.config_, x.data() + i * kDims,
                                          epsilon.data() + i * m2.config_.latent, -1, 1.0, 0.0);
    EXPECT_NEAR(nll[static_cast<std::size_t>(i)], expected.nll, 1e-5 * (1.0 + expected.nll));
    EXPECT_NEAR(kl[static_cast<std::size_t>(i)], expected.kl, 1e-5 * (1.0 + expected.kl));
  }
}

}  // namespace
}  // namespace elbo::test
