// The gradient of the full objective against float64 finite differences: every parameter tensor, every
// likelihood, every activation, VAE and autoencoder, β and K > 1, the importance-weighted bound.

#include <gtest/gtest.h>

#include <numeric>
#include <sstream>

#include "elbo/error.h"
#include "vae/workspace.h"
#include "support/device.h"
#include "support/reference_vae.h"

namespace elbo {
namespace {

struct Case {
  std::string name;
  ModelSettings settings;
  std::int64_t dims = 5;
  std::int64_t rows = 3;
  std::int64_t samples = 1;
  double beta = 1.0;
  bool importance_weighted = false;
  bool missing = false;
  bool encode_mask = false;
  PictureShape picture = {};
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

ModelSettings settings(const std::string& likelihood, const std::string& activation,
                       const std::string& kind = "vae") {
  ModelSettings s;
  s.kind = kind;
  s.encoder = {7, 6};
  s.decoder = {4, 9};
  s.latent = 2;
  s.likelihood = likelihood;
  s.activation = activation;
  s.variance = 0.7;
  s.scale = 0.6;
  s.classes = 4;
  if (likelihood == "mixed") {
    s.column_likelihoods = {"gaussian-learned", "categorical 3", "bernoulli", "negative-binomial", "poisson"};
  }
  return s;
}

/// Pictures of 6 × 4 pixels with two channels.
Case pictures(const std::string& name, const std::string& likelihood, const std::string& activation,
              std::vector<Layer> encoder, std::vector<Layer> decoder) {
  Case c{name, settings(likelihood, activation), 48, 2};
  c.picture = {6, 4, 2};
  c.settings.encoder = std::move(encoder);
  c.settings.decoder = std::move(decoder);
  return c;
}

std::vector<Case> cases_of_pictures() {
  const std::vector<Layer> down = {"conv 3 s2", "conv 2 k2 p0", 5}, up = {18, "reshape 3x2x3", "deconv 3 s2"};
  std::vector<Case> all;
  for (const char* activation : {"tanh", "relu", "gelu", "silu", "sigmoid", "identity"}) {
    all.push_back(pictures(concat("conv_", activation), "bernoulli", activation, down, up));
  }
  for (const char* likelihood : {"gaussian-learned", "gaussian-sigmoid"}) {
    all.push_back(pictures(concat("conv_", likelihood), likelihood, "tanh", down, up));
  }
  all.push_back(pictures("conv_categorical", "categorical", "tanh", {5}, up));  // reads classes as one-hot
  all.push_back(pictures("conv_dense_output", "gaussian-learned", "tanh", down,
                         {6, "reshape 1x2x3", "deconv 2 k4 s2"}));
  all.push_back(pictures("conv_first", "bernoulli", "tanh", {"conv 2 k5 s3 p1"},
                         {"reshape 1x1x2", "deconv 3 k4 s3 p0 o1"}));
  all.push_back(pictures("conv_reshaped", "bernoulli", "tanh", {"reshape 4x3x4", "conv 2"},
                         {24, "reshape 6x4x1", "conv 3"}));
  all.push_back(pictures("norms", "bernoulli", "tanh", {"norm layer", 8, "norm group 4", "dropout 0.5", 5},
                         {7, "norm batch", "residual 4", 6, "norm layer"}));
  all.push_back(pictures("norms_of_pictures", "gaussian-learned", "silu",
                         {"conv 4 s2", "norm group 2", "norm batch", "residual 3", "conv 2", "norm layer"},
                         {18, "reshape 3x2x3", "residual 2", "deconv 4 s2", "norm batch", "dropout 0.1"}));
  all.push_back(pictures("residual_first", "bernoulli", "gelu", {"residual 3", "norm batch", 4},
                         {"norm layer", "residual 5", "norm batch", 6}));
  all.push_back(pictures("dropout_first", "bernoulli", "tanh", {"dropout 0.5", "norm layer", 6},
                         {"dropout 0.5", 5, "dropout 0.5"}));
  all.push_back(pictures("gated", "bernoulli", "tanh", {"gated 5", 4, "gated 3"}, {"gated 6"}));
  all.push_back(pictures("gated_conv", "gaussian-learned", "relu",
                         {"gated conv 3 s2", "gated conv 2 k1", "gated 4"},
                         {18, "reshape 3x2x3", "deconv 2 s2", "gated conv 3"}));
  Case several = pictures("conv_samples", "bernoulli", "silu", down, up);
  several.samples = 3;
  several.beta = 0.5;
  all.push_back(several);
  several.name = "conv_iwae";
  several.importance_weighted = true;
  several.missing = true;
  all.push_back(several);
  return all;
}

/// Models that read the examples' labels as well.
std::vector<Case> conditional_cases() {
  std::vector<Case> all;
  const auto add = [&](const std::string& name, Case c) {
    c.name = "conditional_" + name;
    c.settings.condition = {"label"};
    c.settings.condition_classes = {"a", "b", "c"};
    all.push_back(std::move(c));
  };
  for (const char* activation : {"tanh", "relu", "gelu", "silu", "sigmoid", "identity"})
    add(activation, {"", settings("bernoulli", activation)});
  add("samples", {"", settings("gaussian-learned", "gelu"), 5, 3, 4, 2.0});
  add("iwae", {"", settings("bernoulli", "tanh"), 5, 3, 4, 1.0, true});
  add("encode_mask", {"", settings("mixed", "silu"), 5, 3, 4, 0.5, false, true, true});
  add("autoencoder", {"", settings("gaussian", "relu", "autoencoder")});
  Case bare{"", settings("gaussian", "relu")};
  bare.settings.encoder = bare.settings.decoder = {};
  add("no_hidden_layers", bare);
  add("conv", pictures("", "bernoulli", "silu", {"conv 3 s2", 5}, {18, "reshape 3x2x3", "deconv 3 s2"}));
  add("reshape_first", pictures("", "bernoulli", "tanh", {"reshape 4x3x4", "conv 2"},
                                {"reshape 1x1x2", "deconv 3 k4 s3 p0 o1"}));
  add("dropout_first",
      pictures("", "bernoulli", "tanh", {"dropout 0.5", "norm layer", 6}, {"dropout 0.5", 5, "dropout 0.5"}));
  add("dropout_in_encoder", pictures("", "bernoulli", "tanh", {"dropout 0.5", 6}, {5}));
  add("dropout_in_decoder", pictures("", "bernoulli", "tanh", {6}, {"dropout 0.5", 5}));
  add("norm_first", pictures("", "bernoulli", "tanh", {"norm layer", 6}, {5}));
  add("norms",
      pictures("", "bernoulli", "tanh", {6, "norm layer", "dropout 0.5"}, {"gated 6", "residual 4"}));
  return all;
}

/// Models that read a number and a column of three levels.
std::vector<Case> column_cases() {
  std::vector<Case> all;
  const auto add = [&](const std::string& name, Case c) {
    c.name = "columns_" + name;
    c.settings.condition = {"age", "sex"};
    c.settings.condition_kinds = {"numeric", "categorical 3"};
    all.push_back(std::move(c));
  };
  for (const char* activation : {"tanh", "relu", "gelu"})
    add(activation, {"", settings("bernoulli", activation)});
  add("samples", {"", settings("gaussian-learned", "gelu"), 5, 3, 4, 2.0});
  add("iwae_missing", {"", settings("mixed", "tanh"), 5, 3, 4, 1.0, true, true});
  Case bare{"", settings("gaussian", "relu")};
  bare.settings.encoder = bare.settings.decoder = {};
  add("no_hidden_layers", bare);
  add("conv", pictures("", "bernoulli", "silu", {"conv 3 s2", 5}, {18, "reshape 3x2x3", "deconv 3 s2"}));
  return all;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  std::vector<std::string> likelihoods = {"mixed"};
  for (const auto& info : kLikelihoods) likelihoods.emplace_back(info.name);
  for (const std::string& likelihood : likelihoods) {
    for (const char* activation : {"tanh", "relu", "gelu", "silu", "sigmoid", "identity"}) {
      all.push_back({likelihood + "_" + activation, settings(likelihood, activation)});
    }
    all.push_back({likelihood + "_beta", settings(likelihood, "tanh"), 5, 3, 1, 0.25});
    all.push_back({likelihood + "_samples", settings(likelihood, "tanh"), 5, 3, 4, 2.0});
    for (const char* activation : {"tanh", "relu", "gelu", "silu", "identity"}) {
      all.push_back(
          {likelihood + "_iwae_" + activation, settings(likelihood, activation), 5, 3, 4, 1.0, true});
    }
    all.push_back({likelihood + "_iwae_beta", settings(likelihood, "tanh"), 5, 4, 3, 0.5, true});
    all.push_back({likelihood + "_iwae_one", settings(likelihood, "tanh"), 5, 3, 1, 1.0, true});
    all.push_back({likelihood + "_autoencoder", settings(likelihood, "tanh", "autoencoder")});
    all.push_back({likelihood + "_missing", settings(likelihood, "tanh"), 5, 3, 1, 1.0, false, true});
    all.push_back(
        {likelihood + "_encode_mask", settings(likelihood, "tanh"), 5, 3, 4, 0.5, false, true, true});
    all.push_back({likelihood + "_iwae_missing", settings(likelihood, "tanh"), 5, 3, 4, 1.0, true, true});
  }
  for (Case& c : cases_of_pictures()) all.push_back(std::move(c));
  for (Case& c : conditional_cases()) all.push_back(std::move(c));
  for (Case& c : column_cases()) all.push_back(std::move(c));
  Case bare{"no_hidden_layers", settings("gaussian", "relu")};
  bare.settings.encoder = bare.settings.decoder = {};
  all.push_back(bare);
  Case single{"all_ones", settings("bernoulli", "silu"), 1, 1};
  single.settings.latent = 1;
  single.settings.encoder = single.settings.decoder = {1};
  all.push_back(single);
  Case wide{"wider_than_a_tile", settings("bernoulli", "gelu"), 35, 17};
  wide.settings.latent = 3;
  wide.settings.encoder = {33};
  wide.settings.decoder = {18};
  all.push_back(wide);
  Case many{"many_weighted_samples", wide.settings, 35, 2, 37, 1.0, true};  // more than a warp's lanes
  all.push_back(many);
  return all;
}

/// Fills a batch like gather_batch: strided rows, 0 for missing values.
void fill(Context& context, const Batch& a, const std::vector<float>& x, const std::vector<double>& mask) {
  for (std::int64_t i = 0; i < a.rows(); ++i) {
    std::vector<float> values(x.begin() + i * a.x().cols, x.begin() + (i + 1) * a.x().cols), present;
    for (std::int64_t j = 0; j < a.x().cols && !mask.empty(); ++j) {
      present.push_back(static_cast<float>(mask[static_cast<std::size_t>(i * a.x().cols + j)]));
      values[static_cast<std::size_t>(j)] *= present.back();
    }
    context.copy_to_device(a.x().data + i * a.x().stride, values.data(), values.size() * sizeof(float));
    if (mask.empty()) continue;
    context.copy_to_device(a.mask().data + i * a.mask().stride, present.data(),
                           present.size() * sizeof(float));
  }
}

/// A value of column j that its likelihood takes, made from a number up to 100.
float value_of(const ModelSettings& settings, std::int64_t j, std::size_t number) {
  ColumnKindSetting column{likelihood_named(settings.likelihood).value_or(LikelihoodKind::gaussian),
                           static_cast<std::int32_t>(settings.classes)};
  if (settings.likelihood == "mixed")
    column = read_column_kind(settings.column_likelihoods[static_cast<std::size_t>(j)]);
  switch (likelihood_support(column.kind)) {
    case Support::classes:
      return static_cast<float>(number % static_cast<std::size_t>(column.classes));
    case Support::counts:
      return static_cast<float>(number % 7);
    default:
      return static_cast<float>(number / 100.0);
  }
}

class ModelGradient : public testing::TestWithParam<Case> {};

TEST_P(ModelGradient, AgreesWithFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  const Case& c = GetParam();
  Context context(test::device());
  ModelConfig config = resolve(c.settings, c.dims, c.picture);
  config.objective.kind = c.importance_weighted ? "iwae" : "elbo";
  config.missing = c.missing;
  config.encode_mask = c.encode_mask;
  Vae vae(context, config, 11);
  vae.parameters().prepare_training();
  Workspace workspace(vae, c.rows + 2, c.samples,
                      Purpose::gradients);  // larger than the batch, as for a shorter last batch
  const Batch a = workspace.rows(c.rows);

  std::vector<float> x(static_cast<std::size_t>(c.rows * c.dims));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = value_of(c.settings, static_cast<std::int64_t>(i) % c.dims, i * 37 % 101);
  std::vector<double> mask;
  for (std::size_t i = 0; i < x.size() && c.missing; ++i) mask.push_back(i % 3 == 1 ? 0.0 : 1.0);
  fill(context, a, x, mask);
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < c.rows; ++i) labels.push_back(static_cast<std::int32_t>(2 * i % 3));
  Table conditions{c.rows, 2, {}};
  std::vector<std::vector<double>> rows_read;
  if (!c.settings.condition_kinds.empty()) {  // labels are the numbers of the rows
    for (std::int64_t i = 0; i < c.rows; ++i) {
      labels[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i);
      const float age = 0.75f * static_cast<float>(i) - 1.25f;
      conditions.values.insert(conditions.values.end(), {age, static_cast<float>(i % 3)});
      rows_read.push_back({age, 0.0, 0.0, 0.0});
      rows_read.back()[static_cast<std::size_t>(1 + i % 3)] = 1.0;
    }
    vae.parts().condition.set(vae.run(), a, conditions, 0);
  } else {
    vae.parts().condition.set(vae.run(), a, labels, 0);
  }
  std::vector<std::int64_t> examples(static_cast<std::size_t>(c.rows));
  std::iota(examples.begin(), examples.end(), 40);
  context.copy_to_device(a.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));
  const auto beta_host = static_cast<float>(c.beta);
  Buffer<float> beta(context, std::span<const float>(&beta_host, 1));
  const NoiseSource noise{.seed = 5};
  vae.forward_backward(a, noise, {.kl_weight = beta.data()});

  // Gets ε from reparameterize with μ = 0, log σ² = 0.
  const std::int64_t drawn = c.rows * a.samples();
  std::vector<double> epsilon(static_cast<std::size_t>(drawn * config.latent), 0.0);
  if (vae.prior()) {
    Buffer<float> zero(context, c.rows * config.latent), e(context, drawn * config.latent);
    zero.fill_zero();
    NoiseSource keyed = noise;
    keyed.examples = a.examples().data;
    ops::reparameterize(context, e.matrix(drawn, config.latent), {}, {}, zero.matrix(c.rows, config.latent),
                        zero.matrix(c.rows, config.latent), keyed);
    const auto host = e.to_host();
    epsilon.assign(host.begin(), host.end());
  }

  const nn::ParameterLayout& layout = vae.parameters().layout();
  Buffer<float> copy(context, layout.size);
  context.copy_on_device(copy.data(), vae.parameters().values().data, sizeof(float) * layout.size);
  test::ReferenceVae reference(config, test::to_named(layout, copy.to_host()));
  reference.set_mask(mask);
  reference.set_labels(labels);
  reference.set_conditions(rows_read);
  context.copy_on_device(copy.data(), vae.parameters().gradient().data, sizeof(float) * layout.size);
  test::NamedTensors gradient = test::to_named(layout, copy.to_host());

  const std::vector<double> x64(x.begin(), x.end());
  const auto objective = [&] {
    return c.importance_weighted ? reference.negative_bound(x64, epsilon, a.samples(), c.beta)
                                 : reference.objective(x64, epsilon, a.samples(), c.beta);
  };
  double covered = 0;
  for (const nn::TensorInfo& tensor : layout.tensors) {
    if (tensor.offset >= layout.optimized_size) continue;  // the optimizer does not move it
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      if (tensor.size() > 200 && i % 13 != 0) continue;  // checks a sample of large tensors
      double& parameter = reference.tensors().at(tensor.name)[static_cast<std::size_t>(i)];
      // A difference across a kink of relu or laplace is not the derivative; a shorter step is unlikely to
      // cross one.
      const bool kinks = c.settings.activation == "relu" || c.settings.likelihood.starts_with("laplace");
      const double h = kinks ? 1e-6 : 1e-3;
      const double expected = test::finite_difference(parameter, objective, h);
      const double actual = gradient.at(tensor.name)[static_cast<std::size_t>(i)];
      ASSERT_TRUE(std::abs(actual - expected) <= 2e-5 + 2e-4 * std::abs(expected))
          << tensor.name << "[" << i << "]: " << actual << " but finite differences give " << expected;
      covered += std::abs(expected);
    }
  }
  EXPECT_GT(covered, 0.0);

  if (c.importance_weighted) {
    ops::BatchCosts minimised;
    vae.objective().describe_costs(a, minimised);
    Buffer<float> bound(context, c.rows);
    context.copy_on_device(bound.data(), minimised.objective.data, sizeof(float) * c.rows);
    double mean = 0.0;
    for (const float value : bound.to_host()) mean += value / static_cast<double>(c.rows);
    EXPECT_NEAR(mean, objective(), 1e-5 + 1e-5 * std::abs(objective()));
  }

  // The reported costs are unweighted.
  const std::int64_t parts = a.nll_parts().cols;
  Buffer<float> nll(context, drawn * parts), kl(context, c.rows);
  context.copy_on_device(nll.data(), a.nll_parts().data, sizeof(float) * drawn * parts);
  kl.fill_zero();
  EXPECT_EQ(a.kl().empty(), vae.prior() == nullptr) << "a code without a prior costs nothing";
  context.copy_on_device(kl.data(), a.kl().data, sizeof(float) * static_cast<std::size_t>(a.kl().size));
  const auto nll_host = nll.to_host();
  const auto kl_host = kl.to_host();
  for (std::int64_t i = 0; i < c.rows; ++i) {
    const auto costs = reference.costs(
        x64.data() + i * c.dims, epsilon.data() + i * a.samples() * config.latent, a.samples(),
        mask.empty() ? nullptr : mask.data() + i * c.dims, nullptr, labels[static_cast<std::size_t>(i)]);
    EXPECT_NEAR(kl_host[i], costs.kl, 1e-5 + 1e-5 * std::abs(costs.kl));
    for (std::int64_t k = 0; k < a.samples(); ++k) {
      const auto of_row = nll_host.begin() + (i * a.samples() + k) * parts;
      const double sum = std::accumulate(of_row, of_row + parts, 0.0);
      EXPECT_NEAR(sum, costs.nll[k], 1e-5 + 1e-5 * std::abs(costs.nll[k]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ModelGradient, testing::ValuesIn(cases()), [](const auto& tested) {
  std::string name = tested.param.name;
  for (char& ch : name) ch = std::isalnum(static_cast<unsigned char>(ch)) ? ch : '_';
  return name;
});

TEST(ModelGradient, AccumulateAddsToWhatIsThere) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, resolve(settings("bernoulli", "tanh"), 5), 3);
  vae.parameters().prepare_training();
  Workspace workspace(vae, 2, 1, Purpose::gradients);
  const Batch a = workspace.rows(2);
  const std::vector<float> x(10, 0.5f);
  const std::vector<std::int64_t> examples = {0, 1};
  context.copy_to_device(a.x().data, x.data(), x.size() * sizeof(float));
  context.copy_to_device(a.examples().data, examples.data(), examples.size() * sizeof(std::int64_t));

  const auto gradient = [&](bool accumulate) {
    vae.forward_backward(a, {.seed = 1}, {},
                         {.accumulate = accumulate, .adam = nullptr, .state = nullptr, .branches = {}});
    Buffer<float> copy(context, vae.parameters().layout().size);
    context.copy_on_device(copy.data(), vae.parameters().gradient().data, sizeof(float) * copy.size());
    return copy.to_host();
  };
  const auto once = gradient(false);
  const auto twice = gradient(true);
  for (std::size_t i = 0; i < once.size(); ++i)
    EXPECT_NEAR(twice[i], 2 * once[i], 1e-6 + 1e-5 * std::abs(once[i]));
}

TEST(ModelGradient, TrainingWithoutPreparationIsRefused) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  Vae vae(context, resolve(settings("bernoulli", "tanh"), 5), 3);
  Workspace workspace(vae, 2, 1, Purpose::gradients);
  EXPECT_THROW(vae.forward_backward(workspace.rows(2), {}, {}), ShapeError);
  EXPECT_THROW(workspace.rows(3), ShapeError);
}

}  // namespace
}  // namespace elbo
