// A table whose columns have likelihoods of their own. The decoder has one output layer, in which each
// column's parameters follow one another, and the columns follow in their order.

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"
#include "math/column_likelihood.h"
#include "ops/mixed_likelihood.h"
#include "ops/host_noise.h"
#include "recipe/data_settings.h"
#include "vae/likelihood/class_formula.h"
#include "vae/likelihood/column_kind.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

/// A column's likelihood and the place of its parameters in a row.
struct MixedColumn {
  LikelihoodKind kind;
  LikelihoodConstants constants;
  std::int64_t first;

  std::int64_t parameters() const { return likelihood_parameters(kind, constants); }
  bool is_class() const { return kind == LikelihoodKind::categorical; }
  bool is_coin() const { return kind == LikelihoodKind::bernoulli; }
};

std::vector<MixedColumn> columns_of(const ModelConfig& config) {
  std::vector<MixedColumn> columns;
  std::int64_t first = 0;
  for (const std::string& text : config.column_likelihoods) {
    const ColumnKindSetting setting = read_column_kind(text);
    MixedColumn column{setting.kind, config.constants, first};
    column.constants.classes = setting.classes;
    first += column.parameters();
    columns.push_back(column);
  }
  return columns;
}

/// Each column's formula. A coin's outcomes are two classes.
class MixedFormulas final : public ValueFormulas {
 public:
  explicit MixedFormulas(const std::vector<MixedColumn>& columns) {
    for (const MixedColumn& column : columns) {
      formulas_.push_back({column, make_value_formulas(column.kind, column.constants, 1)});
    }
  }

  void costs(const float* x, const float* parameters, std::int64_t first, std::int64_t count,
             double* cost) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      const Entry& entry = at(first + i);
      entry.formulas->costs(x + first + i, parameters + entry.column.first, 0, 1, cost + i);
    }
  }
  void draw_row(std::span<float> row, const float* parameters, std::uint64_t seed,
                std::int64_t number) const override {
    std::vector<float> normal(row.size()), uniform(row.size());
    // Normal numbers are made of the same words as uniform ones at their address: each has its own.
    const std::int64_t apart = (std::ssize(row) + 3) / 4 * 4;
    fill_normal(normal, seed, NoisePurpose::likelihood_sample, number, 0);
    fill_uniform(uniform, seed, NoisePurpose::likelihood_sample, number, apart);
    for (std::size_t j = 0; j < row.size(); ++j) {
      const bool draws_normal = likelihood_draws_normal(formulas_[j].column.kind);
      row[j] = draw(static_cast<std::int64_t>(j), parameters, draws_normal ? normal[j] : uniform[j]);
    }
  }
  void fill_noise(std::int64_t j, std::span<float> noise, std::uint64_t seed, std::int64_t number,
                  std::int64_t first) const override {
    at(j).formulas->fill_noise(0, noise, seed, number, first);
  }
  float draw(std::int64_t j, const float* parameters, float noise) const override {
    const Entry& entry = at(j);
    return entry.formulas->draw(0, parameters + entry.column.first, noise);
  }
  std::int64_t classes(std::int64_t j) const override {
    const MixedColumn& column = at(j).column;
    return column.is_class() ? column.constants.classes : column.is_coin() ? 2 : 0;
  }
  void add_probabilities(std::int64_t j, const float* parameters, double weight,
                         std::span<double> probabilities) const override {
    const Entry& entry = at(j);
    if (entry.column.is_coin()) {
      const double one = math::logistic(static_cast<double>(parameters[entry.column.first]));
      probabilities[0] += weight * (1.0 - one);
      probabilities[1] += weight * one;
    } else {
      entry.formulas->add_probabilities(0, parameters + entry.column.first, weight, probabilities);
    }
  }

 private:
  struct Entry {
    MixedColumn column;
    std::unique_ptr<ValueFormulas> formulas;
  };
  const Entry& at(std::int64_t j) const { return formulas_[static_cast<std::size_t>(j)]; }

  std::vector<Entry> formulas_;
};

class Mixed final : public Likelihood {
 public:
  explicit Mixed(const ModelConfig& config)
      : dims_(config.dims), constants_(config.constants), columns_(columns_of(config)) {}

  Measure measure() const override { return Measure::columns; }
  bool has_unit_input() const override { return false; }
  bool standardizes(std::int64_t j) const override { return likelihood_support(at(j).kind) == Support::real; }
  std::vector<data::ValueRange> ranges(const DataSettings& settings) const override {
    std::vector<data::ValueRange> ranges;
    for (const MixedColumn& column : columns_) {
      data::ValueRange range = value_range(column.kind, settings, column.constants);
      range.advice = "Set data.kinds or model.column_likelihoods, or leave the column out with data.drop";
      ranges.push_back(std::move(range));
    }
    return ranges;
  }
  std::unique_ptr<Input> make_input(const ModelConfig& config) const override {
    std::vector<ColumnForm> forms;
    for (const MixedColumn& column : columns_) {
      forms.push_back({.log = likelihood_support(column.kind) == Support::counts,
                       .classes = column.is_class() ? column.constants.classes : 0});
    }
    return make_column_input(config, forms);
  }
  double error(std::int64_t j, double difference) const override {
    if (at(j).is_class()) return difference != 0.0 ? 1.0 : 0.0;
    return difference * difference;
  }
  std::vector<nn::NamedRows> heads() const override {
    ELBO_CHECK(std::ssize(columns_) == dims_, ConfigError, "model.column_likelihoods has ", columns_.size(),
               " likelihoods, but the data has ", dims_,
               " columns with values. It is filled from the data's "
               "columns where it is empty (elbo::follow_data)");
    return {{"decoder.output", width()}};
  }
  void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t) override {
    slots.nll = builder.activation({.name = "nll", .rows = nn::Rows::samples});
    std::vector<std::int32_t> table;
    for (const MixedColumn& column : columns_) {
      table.insert(table.end(), {static_cast<std::int32_t>(column.kind),
                                 static_cast<std::int32_t>(column.first), column.constants.classes});
    }
    table_ = builder.constant(std::move(table));
  }

  void score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
             bool gradient) const override {
    ops::mixed_likelihood(run.context, on_device(run), batch.nll(),
                          gradient ? batch.dparameters() : MatrixView<float>(), batch.parameters(), batch.x(),
                          batch.mask(), weight);
  }
  void mean(const nn::Run& run, MatrixView<float> mean, MatrixView<const float> parameters) const override {
    ops::mixed_likelihood_mean(run.context, on_device(run), mean, parameters);
  }
  std::unique_ptr<ValueFormulas> on_host(const nn::Run&) const override {
    return std::make_unique<MixedFormulas>(columns_);
  }
  std::vector<float> output_bias(const Examples& examples, const std::vector<float>& mean) const override {
    std::vector<float> bias(static_cast<std::size_t>(width()), 0.0f);
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      const MixedColumn& column = columns_[j];
      if (column.is_class()) {
        std::ranges::copy(log_shares(examples, static_cast<std::int64_t>(j), column.constants.classes),
                          bias.begin() + column.first);
      } else {
        bias[static_cast<std::size_t>(column.first)] =
            location_for_mean(column.kind, column.constants, mean[j]);
      }
    }
    return bias;
  }

 private:
  const MixedColumn& at(std::int64_t j) const { return columns_[static_cast<std::size_t>(j)]; }
  std::int64_t width() const { return columns_.back().first + columns_.back().parameters(); }
  ops::ColumnLikelihoods on_device(const nn::Run& run) const {
    return {run.parameters.constant(table_), constants_};
  }

  std::int64_t dims_;
  LikelihoodConstants constants_;
  std::vector<MixedColumn> columns_;
  nn::Constant table_;
};

}  // namespace

std::unique_ptr<Likelihood> make_mixed(const ModelConfig& config) {
  return std::make_unique<Mixed>(config);
}

}  // namespace elbo
