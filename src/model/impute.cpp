// elbo::Model::impute: missing values by self-normalised importance sampling.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "elbo/model.h"
#include "math/philox.h"
#include "evaluation/decoded_value.h"
#include "evaluation/evaluation_batches.h"
#include "ops/host_noise.h"
#include "model/state.h"
#include "model/stored_batches.h"
#include "base/check.h"

namespace elbo {
namespace {

/// What a batch's K samples left on the host.
struct Samples {
  std::int64_t count = 0;  ///< K
  std::int64_t dims = 0;
  std::vector<float> nll, log_ratio;     ///< [n·K]
  std::vector<float> parameters, means;  ///< [n·K, P·dims], [n·K, dims]
};

/// w_k ∝ p(x|z_k) p(z_k)/q(z_k|x) of row i, Σ w_k = 1.
std::vector<double> weights_of(const Samples& samples, std::int64_t i) {
  std::vector<double> weights(static_cast<std::size_t>(samples.count));
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const auto at = static_cast<std::size_t>(i * samples.count) + k;
    weights[k] = -static_cast<double>(samples.nll[at]) - static_cast<double>(samples.log_ratio[at]);
  }
  const double largest = *std::ranges::max_element(weights);
  for (double& weight : weights) weight = std::exp(weight - largest);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// The smallest of the draws at which the weight of those up to it reaches `share`. Sorted by the first.
float quantile(const std::vector<std::pair<float, double>>& draws, double share) {
  double sum = 0.0;
  for (const auto& [value, weight] : draws) {
    sum += weight;
    if (sum >= share) return value;
  }
  return std::isnan(sum) ? kNotANumber : draws.back().first;
}

/// A draw of value j from every sample's p(x_j|z_k), with its weight, in order.
template <class Likelihood>
std::vector<std::pair<float, double>> draws_of(const Likelihood& likelihood, const Samples& samples,
                                               const std::vector<double>& weights, std::int64_t i,
                                               std::int64_t j, std::uint64_t seed, std::int64_t example) {
  constexpr std::int64_t kParameters = Likelihood::kParameters;
  std::vector<float> noise(weights.size());
  const std::int64_t first = j * ((samples.count + 3) / 4 * 4);
  (Likelihood::kDrawsNormal ? fill_normal : fill_uniform)(noise, seed, NoisePurpose::likelihood_sample,
                                                          example, first);
  std::vector<std::pair<float, double>> draws(weights.size());
  for (std::size_t k = 0; k < draws.size(); ++k) {
    const std::int64_t row = i * samples.count + static_cast<std::int64_t>(k);
    const float* first_of = samples.parameters.data() + row * kParameters * samples.dims + j;
    const DecodedValue<Likelihood> decoded(first_of, samples.dims);
    draws[k] = {likelihood.draw(decoded.parameters, noise[k]), weights[k]};
  }
  // NaN, which a decoder that overflows gives, comes last.
  std::ranges::sort(draws, [](const auto& a, const auto& b) {
    return std::isnan(b.first) ? !std::isnan(a.first) : a.first < b.first;
  });
  return draws;
}

std::vector<std::pair<float, double>> draws_of(LikelihoodKind kind, const LikelihoodConstants& constants,
                                               const Samples& samples, const std::vector<double>& weights,
                                               std::int64_t i, std::int64_t j, std::uint64_t seed,
                                               std::int64_t example) {
  switch (kind) {
#define ELBO_CASE(kind, Likelihood) \
  case LikelihoodKind::kind:        \
    return draws_of(math::Likelihood(constants), samples, weights, i, j, seed, example);
    ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
    case LikelihoodKind::categorical:
      break;  // its classes have no order
  }
  return {};
}

/// Σ_k w_k p(x_j = c|z_k) of every class c.
std::vector<double> class_probabilities(const math::Categorical& likelihood, const Samples& samples,
                                        const std::vector<double>& weights, std::int64_t i, std::int64_t j) {
  std::vector<double> probabilities(static_cast<std::size_t>(likelihood.classes));
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const std::int64_t row = i * samples.count + static_cast<std::int64_t>(k);
    const DecodedLogits logit{samples.parameters.data() + row * likelihood.classes * samples.dims + j,
                              samples.dims};
    const auto softmax = likelihood.softmax(0.0, logit);  // of any class: none is asked for
    const double most = likelihood.most(softmax);
    for (int c = 0; c < likelihood.classes; ++c) {
      probabilities[static_cast<std::size_t>(c)] +=
          weights[k] * likelihood.probability(softmax, most, logit(c));
    }
  }
  return probabilities;
}

bool has_classes(const Model::State& state) {
  return likelihood_measure(state.vae->config().likelihood) == Measure::classes;
}

/// Fills in rows from the samples that were drawn for them.
class RowFiller {
 public:
  RowFiller(const Model::State& state, const Table& x, const ImputeOptions& options, Imputation& result)
      : state_(state), x_(x), options_(options), constants_(state.vae->host_constants()), result_(result) {}

  /// Row `row` of the table, which is row i of the batch.
  void fill(const Samples& samples, std::int64_t i, std::int64_t row) const {
    const auto weights = weights_of(samples, i);
    double squares = 0.0;
    for (const double weight : weights) squares += weight * weight;
    result_.effective_samples[static_cast<std::size_t>(row)] = 1.0 / squares;
    const bool classes = has_classes(state_);
    for (std::int64_t j = 0; j < x_.cols; ++j) {
      if (!std::isnan(x_.values[static_cast<std::size_t>(row * x_.cols + j)])) continue;
      classes ? fill_class(samples, weights, i, row, j) : fill_number(samples, weights, i, row, j);
    }
  }

 private:
  void fill_number(const Samples& samples, const std::vector<double>& weights, std::int64_t i,
                   std::int64_t row, std::int64_t j) const {
    const auto at = static_cast<std::size_t>(row * x_.cols + j);
    double mean = 0.0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const std::int64_t sample = i * samples.count + static_cast<std::int64_t>(k);
      mean += weights[k] * samples.means[static_cast<std::size_t>(sample * x_.cols + j)];
    }
    result_.values.values[at] = state_.in_own_scale(mean, j);
    if (options_.interval == 0.0) return;
    const auto draws = draws_of(state_.vae->config().likelihood, constants_, samples, weights, i, j,
                                options_.seed, options_.first_row + row);
    result_.low.values[at] = state_.in_own_scale(quantile(draws, 0.5 - 0.5 * options_.interval), j);
    result_.high.values[at] = state_.in_own_scale(quantile(draws, 0.5 + 0.5 * options_.interval), j);
  }

  void fill_class(const Samples& samples, const std::vector<double>& weights, std::int64_t i,
                  std::int64_t row, std::int64_t j) const {
    const auto at = static_cast<std::size_t>(row * x_.cols + j);
    const math::Categorical likelihood(constants_);
    const auto probabilities = class_probabilities(likelihood, samples, weights, i, j);
    const auto likeliest = std::ranges::max_element(probabilities);
    const auto number = static_cast<float>(likeliest - probabilities.begin());
    result_.values.values[at] = std::isnan(*likeliest) ? kNotANumber : number;
    result_.probability.values[at] = static_cast<float>(*likeliest);
  }

  const Model::State& state_;
  const Table& x_;
  const ImputeOptions& options_;
  LikelihoodConstants constants_;
  Imputation& result_;
};

void check_options(const Model::State& state, const Table& x, const ImputeOptions& options) {
  require_density(state.vae->config());
  ELBO_CHECK(x.rows >= 0 && x.cols == state.vae->config().dims &&
                 static_cast<std::size_t>(x.rows * x.cols) == x.values.size(),
             ShapeError, "rows of ", x.cols, " values were given to a model of ", state.vae->config().dims);
  if (!(options.interval >= 0.0 && options.interval < 1.0)) {
    throw ConfigError(
        concat("an interval holds a share of the probability from 0 to less than 1, not ", options.interval));
  }
  const std::int64_t most = math::kNoiseDimensions / std::max(x.cols, state.vae->config().latent) / 4 * 4;
  if (options.samples < 1 || options.samples > most) {
    throw ConfigError(concat("rows of ", x.cols, " values can be completed with 1 to ", most,
                             " samples, not ", options.samples));
  }
}

/// Lets a model's batches have missing values while it lives.
class MissingScope {
 public:
  explicit MissingScope(Vae& vae) : vae_(vae), before_(vae.config().missing) { vae.set_missing(true); }
  MissingScope(const MissingScope&) = delete;
  MissingScope& operator=(const MissingScope&) = delete;
  ~MissingScope() { vae_.set_missing(before_); }

 private:
  Vae& vae_;
  bool before_;
};

/// Draws K samples of z for every row of the batch and copies what they give to the host; `means` is empty
/// where nobody reads them.
void draw_samples(const Vae& vae, const Activations& a, MatrixView<float> means, std::uint64_t seed,
                  Samples& samples) {
  Context& context = vae.context();
  vae.encode(a);
  vae.sample(a, {.seed = seed, .purpose = NoisePurpose::importance});
  vae.decode(a);
  vae.score(a, {}, false);
  const MatrixView<float> parameters = a.decoder.back().y;
  HostCopies copies(context);
  copies.request(samples.nll, a.nll.data, a.nll.size);
  copies.request(samples.log_ratio, a.log_ratio.data, a.log_ratio.size);
  copies.request(samples.parameters, parameters.data, parameters.rows * parameters.cols);
  if (!means.empty()) {
    ops::likelihood_mean(context, vae.config().likelihood, vae.config().constants, means, parameters);
    copies.request(samples.means, means.data, means.rows * means.cols);
  }
  copies.wait();
}

}  // namespace

Imputation Model::impute(const Table& x, const ImputeOptions& options) {
  check_options(*state_, x, options);
  Imputation result;
  result.values = x;
  if (has_classes(*state_)) {
    result.probability = {x.rows, x.cols, std::vector<float>(x.values.size(), 1.0f)};
  } else if (options.interval > 0.0) {
    result.low = result.high = x;
  }
  result.effective_samples.resize(static_cast<std::size_t>(x.rows));
  result.missing = std::ranges::count_if(x.values, [](float value) { return std::isnan(value); });
  if (x.rows == 0) return result;

  const MissingScope scope(*state_->vae);
  const Vae& vae = *state_->vae;
  Context& context = *state_->context;
  const StoredBatches batches(*state_, to_examples(x), options.seed);
  const std::int64_t rows = std::clamp<std::int64_t>(evaluation_rows(vae) / options.samples, 1, x.rows);
  const Workspace workspace(vae, rows, options.samples);
  const bool classes = has_classes(*state_);
  Buffer<float> means(context, classes ? 0 : rows * options.samples * x.cols);
  const RowFiller filler(*state_, x, options, result);
  Samples samples{
      .count = options.samples, .dims = x.cols, .nll = {}, .log_ratio = {}, .parameters = {}, .means = {}};
  std::vector<std::int64_t> examples;
  for (std::int64_t first = 0; first < x.rows; first += rows) {
    const Activations a = workspace.rows(std::min(rows, x.rows - first));
    batches.fill(a, first);
    examples.resize(static_cast<std::size_t>(a.rows));
    std::iota(examples.begin(), examples.end(), options.first_row + first);
    context.copy_to_device(a.examples.data, examples.data(), examples.size() * sizeof(std::int64_t));
    const MatrixView<float> of_batch =
        classes ? MatrixView<float>() : means.matrix(a.rows * options.samples, x.cols);
    draw_samples(vae, a, of_batch, options.seed, samples);
#pragma omp parallel for schedule(dynamic) num_threads(context.threads())
    for (std::int64_t i = 0; i < a.rows; ++i) filler.fill(samples, i, first + i);
  }
  return result;
}

}  // namespace elbo
