// elbo::Model::impute: missing values by self-normalised importance sampling.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "elbo/model.h"
#include "math/philox.h"
#include "evaluation/evaluation_data.h"
#include "evaluation/host_copies.h"
#include "model/conditions.h"
#include "model/host_tables.h"
#include "model/state.h"
#include "model/stored_batches.h"
#include "model/table_batches.h"
#include "base/check.h"

namespace elbo {
namespace {

/// Host copies of the results of a batch's K samples.
struct Samples {
  std::int64_t count = 0;                ///< K
  std::int64_t width = 0;                ///< P·dims
  std::vector<float> nll, log_ratio;     ///< [n·K]
  std::vector<float> parameters, means;  ///< [n·K, P·dims], [n·K, dims]
};

/// w_k ∝ p(x|z_k) p(z_k)/q(z_k|x) for row i, Σ w_k = 1.
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

/// The smallest draw at which the cumulative weight reaches `share`. The pairs are sorted by draw.
float quantile(const std::vector<std::pair<float, double>>& draws, double share) {
  double sum = 0.0;
  for (const auto& [value, weight] : draws) {
    sum += weight;
    if (sum >= share) return value;
  }
  return std::isnan(sum) ? kNotANumber : draws.back().first;
}

/// The decoder's outputs for one sample.
const float* parameters_of(const Samples& samples, std::int64_t sample) {
  return samples.parameters.data() + sample * samples.width;
}

/// A draw of value j from every sample's p(x_j|z_k) with its weight, sorted by draw.
std::vector<std::pair<float, double>> draws_of(const ValueFormulas& formulas, const Samples& samples,
                                               const std::vector<double>& weights, std::int64_t i,
                                               std::int64_t j, std::uint64_t seed, std::int64_t example) {
  std::vector<float> noise(weights.size());
  formulas.fill_noise(j, noise, seed, example, j * ((samples.count + 3) / 4 * 4));
  std::vector<std::pair<float, double>> draws(weights.size());
  for (std::size_t k = 0; k < draws.size(); ++k) {
    const std::int64_t sample = i * samples.count + static_cast<std::int64_t>(k);
    draws[k] = {formulas.draw(j, parameters_of(samples, sample), noise[k]), weights[k]};
  }
  // NaN, which an overflowing decoder gives, comes last.
  std::ranges::sort(draws, [](const auto& a, const auto& b) {
    return std::isnan(b.first) ? !std::isnan(a.first) : a.first < b.first;
  });
  return draws;
}

/// Σ_k w_k p(x_j = c|z_k) for every class c.
std::vector<double> class_probabilities(const ValueFormulas& formulas, const Samples& samples,
                                        const std::vector<double>& weights, std::int64_t i, std::int64_t j) {
  std::vector<double> probabilities(static_cast<std::size_t>(formulas.classes(j)));
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const std::int64_t sample = i * samples.count + static_cast<std::int64_t>(k);
    formulas.add_probabilities(j, parameters_of(samples, sample), weights[k], probabilities);
  }
  return probabilities;
}

/// Completes rows from the samples drawn for them.
class RowFiller {
 public:
  RowFiller(const ModelState& state, const Table& x, std::span<const std::int64_t> numbers,
            const ImputeOptions& options, Imputation& result)
      : state_(state),
        x_(x),
        numbers_(numbers),
        options_(options),
        formulas_(state.vae->likelihood().on_host(state.vae->run())),
        result_(result) {
    for (std::int64_t j = 0; j < x.cols; ++j)
      (formulas_->classes(j) > 0 ? has_classes_ : has_numbers_) = true;
    if (has_classes_) result.probability = {x.rows, x.cols, std::vector<float>(x.values.size(), 1.0f)};
    if (has_numbers_ && options.interval) result.low = result.high = x;
  }

  /// Whether some columns have a mean.
  bool needs_means() const { return has_numbers_; }

  /// Fills row `row` of the table, which is row i of the batch.
  void fill(const Samples& samples, std::int64_t i, std::int64_t row) const {
    const auto weights = weights_of(samples, i);
    double squares = 0.0;
    for (const double weight : weights) squares += weight * weight;
    result_.effective_samples[static_cast<std::size_t>(row)] = 1.0 / squares;
    for (std::int64_t j = 0; j < x_.cols; ++j) {
      if (!std::isnan(x_.values[static_cast<std::size_t>(row * x_.cols + j)])) continue;
      if (formulas_->classes(j) > 0) {
        fill_class(samples, weights, i, row, j);
      } else {
        fill_number(samples, weights, i, row, j);
      }
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
    if (has_classes_) result_.probability.values[at] = kNotANumber;
    if (!options_.interval) return;
    const auto draws =
        draws_of(*formulas_, samples, weights, i, j, options_.seed, numbers_[static_cast<std::size_t>(row)]);
    const double half = 0.5 * *options_.interval;
    result_.low.values[at] = state_.in_own_scale(quantile(draws, 0.5 - half), j);
    result_.high.values[at] = state_.in_own_scale(quantile(draws, 0.5 + half), j);
  }

  void fill_class(const Samples& samples, const std::vector<double>& weights, std::int64_t i,
                  std::int64_t row, std::int64_t j) const {
    const auto at = static_cast<std::size_t>(row * x_.cols + j);
    const auto probabilities = class_probabilities(*formulas_, samples, weights, i, j);
    const auto likeliest = std::ranges::max_element(probabilities);
    const auto number = static_cast<float>(likeliest - probabilities.begin());
    result_.values.values[at] = std::isnan(*likeliest) ? kNotANumber : number;
    result_.probability.values[at] = static_cast<float>(*likeliest);
    if (!result_.low.values.empty()) result_.low.values[at] = result_.high.values[at] = kNotANumber;
  }

  const ModelState& state_;
  const Table& x_;
  std::span<const std::int64_t> numbers_;
  const ImputeOptions& options_;
  std::unique_ptr<ValueFormulas> formulas_;
  Imputation& result_;
  bool has_classes_ = false, has_numbers_ = false;
};

/// The most samples whose noise can be addressed.
std::int64_t max_samples(const ModelState& state, const Table& x) {
  return math::kNoiseDimensions / std::max(x.cols, state.vae->config().latent) / 4 * 4;
}

void check_options(const ModelState& state, const Table& x, const ImputeOptions& options) {
  require_density(*state.vae);
  ELBO_CHECK(x.rows >= 0 && x.cols == state.vae->config().dims &&
                 static_cast<std::size_t>(x.rows * x.cols) == x.values.size(),
             ShapeError, "rows of ", x.cols, " values were given to a model of ", state.vae->config().dims);
  if (options.interval && !(*options.interval > 0.0 && *options.interval < 1.0)) {
    throw ConfigError(
        concat("an interval holds a share of the probability between 0 and 1, not ", *options.interval));
  }
  if (options.conditions.rows == 0) {
    network_conditions(state, x.rows, options.labels, options.first_row);
  } else {
    ELBO_CHECK(options.labels.empty(), ConfigError, "labels and a table of conditions were given");
    network_conditions(state, x.rows, options.conditions, options.first_row);
  }
  const std::int64_t limit = max_samples(state, x);
  if (options.samples < 1 || options.samples > limit) {
    throw ConfigError(concat("rows of ", x.cols, " values can be completed with 1 to ", limit,
                             " samples, not ", options.samples));
  }
}

/// Allows missing values in a model's batches during its lifetime.
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

/// Draws K samples of z for every row of the batch and copies their results to the host; `means` is empty if
/// they are not needed.
void draw_samples(const Vae& vae, const Batch& batch, MatrixView<float> means, std::uint64_t seed,
                  Samples& samples) {
  vae.encode(batch);
  vae.sample(batch, {.seed = seed, .purpose = NoisePurpose::importance});
  vae.decode(batch);
  vae.score(batch);
  HostCopies copies(vae.context());
  copies.request(samples.nll, batch.nll());
  copies.request(samples.log_ratio, batch.log_ratio());
  copies.request(samples.parameters, batch.parameters());
  samples.width = batch.parameters().cols;
  if (!means.empty()) {
    vae.likelihood().mean(vae.run(), means, batch.parameters());
    copies.request(samples.means, means);
  }
  copies.wait();
}

/// Completes rows with options.samples samples each. `numbers` [n] are the rows' numbers, which key the
/// noise.
Imputation impute_once(const ModelState& state, const Table& x, std::span<const std::int64_t> numbers,
                       const ImputeOptions& options) {
  Imputation result;
  result.values = x;
  result.effective_samples.resize(static_cast<std::size_t>(x.rows));
  result.missing = std::ranges::count_if(x.values, [](float value) { return std::isnan(value); });
  const RowFiller filler(state, x, numbers, options, result);
  if (x.rows == 0) return result;

  const MissingScope scope(*state.vae);
  const Vae& vae = *state.vae;
  Context& context = *state.context;
  Examples rows_of_x = to_examples(x);
  rows_of_x.labels = options.labels;
  if (options.conditions.rows > 0) set_own_conditions(state, options.conditions, rows_of_x);
  const StoredBatches batches(state, rows_of_x, options.seed);
  const std::int64_t rows = std::clamp<std::int64_t>(evaluation_rows(vae) / options.samples, 1, x.rows);
  const Workspace workspace(vae, rows, options.samples);
  workspace.prepare();
  Buffer<float> means(context, filler.needs_means() ? rows * options.samples * x.cols : 0);
  Samples samples{
      .count = options.samples, .width = 0, .nll = {}, .log_ratio = {}, .parameters = {}, .means = {}};
  for (std::int64_t first = 0; first < x.rows; first += rows) {
    const Batch batch = workspace.rows(std::min(rows, x.rows - first));
    batches.fill(batch, first);
    context.copy_to_device(batch.examples().data, numbers.data() + first,
                           static_cast<std::size_t>(batch.rows()) * sizeof(std::int64_t));
    const MatrixView<float> of_batch =
        filler.needs_means() ? means.matrix(batch.rows() * options.samples, x.cols) : MatrixView<float>();
    draw_samples(vae, batch, of_batch, options.seed, samples);
    parallel_for(context.team(), batch.rows(), true,
                 [&](std::int64_t i) { filler.fill(samples, i, first + i); });
  }
  return result;
}

/// Rows that have missing values and too few effective samples.
std::vector<std::int64_t> rows_to_redraw(const Table& x, const Imputation& result, double min_effective) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < x.rows; ++row) {
    const bool missing = std::ranges::any_of(x.row(row), [](float value) { return std::isnan(value); });
    if (missing && !(result.effective_samples[static_cast<std::size_t>(row)] >= min_effective))
      rows.push_back(row);
  }
  return rows;
}

/// The labels of some rows, if there are labels.
std::vector<std::int32_t> chosen_labels(const std::vector<std::int32_t>& labels,
                                        std::span<const std::int64_t> rows) {
  std::vector<std::int32_t> chosen;
  if (labels.empty()) return chosen;
  for (const std::int64_t row : rows) chosen.push_back(labels[static_cast<std::size_t>(row)]);
  return chosen;
}

/// Copies row `from` of a table to row `to` of another; empty tables have none.
void copy_row(const Table& source, std::int64_t from, Table& target, std::int64_t to) {
  if (!source.values.empty()) std::ranges::copy(source.row(from), target.values.begin() + to * target.cols);
}

Table chosen_rows(const Table& table, std::span<const std::int64_t> rows) {
  Table chosen = make_table(std::ssize(rows), table.cols);
  for (std::size_t i = 0; i < rows.size(); ++i)
    copy_row(table, rows[i], chosen, static_cast<std::int64_t>(i));
  return chosen;
}

Imputation impute_rows(const ModelState& state, const Table& x, ImputeOptions options) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(x.rows));
  std::iota(numbers.begin(), numbers.end(), options.first_row);
  Imputation result = impute_once(state, x, numbers, options);
  const std::int64_t limit = std::min(options.max_samples, max_samples(state, x));
  while ((options.samples *= 4) <= limit) {
    const auto rows = rows_to_redraw(x, result, options.min_effective);
    if (rows.empty()) break;
    const Table some = chosen_rows(x, rows);
    std::vector<std::int64_t> their_numbers;
    for (const std::int64_t row : rows) their_numbers.push_back(options.first_row + row);
    ImputeOptions further = options;
    further.labels = chosen_labels(options.labels, rows);
    if (further.conditions.rows > 0) further.conditions = chosen_rows(options.conditions, rows);
    const Imputation again = impute_once(state, some, their_numbers, further);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto from = static_cast<std::int64_t>(i);
      copy_row(again.values, from, result.values, rows[i]);
      copy_row(again.low, from, result.low, rows[i]);
      copy_row(again.high, from, result.high, rows[i]);
      copy_row(again.probability, from, result.probability, rows[i]);
      result.effective_samples[static_cast<std::size_t>(rows[i])] = again.effective_samples[i];
    }
  }
  return result;
}

}  // namespace

Imputation Model::impute(const Table& x, const ImputeOptions& options) const {
  check_options(*state_, x, options);
  return exclusively(*state_, [&] { return impute_rows(*state_, x, options); });
}

}  // namespace elbo
