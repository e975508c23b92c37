#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/lbfgs.h"
#include "analysis/neighbours.h"
#include "base/check.h"
#include "base/parallel.h"
#include "elbo/device.h"

namespace elbo {
namespace {

/// The probe's inputs: codes [rows, cols], standardised by the training codes' statistics.
class Standardized {
 public:
  explicit Standardized(const Table& train)
      : mean_(static_cast<std::size_t>(train.cols)), scale_(mean_.size()) {
    const auto n = static_cast<double>(train.rows);
    std::vector<double> squares(mean_.size());
    for (std::int64_t i = 0; i < train.rows; ++i) {
      for (std::size_t j = 0; j < mean_.size(); ++j) mean_[j] += train.row(i)[j] / n;
    }
    for (std::int64_t i = 0; i < train.rows; ++i) {
      for (std::size_t j = 0; j < mean_.size(); ++j)
        squares[j] += std::pow(train.row(i)[j] - mean_[j], 2) / n;
    }
    for (std::size_t j = 0; j < mean_.size(); ++j)
      scale_[j] = squares[j] > 0.0 ? 1.0 / std::sqrt(squares[j]) : 0.0;
  }

  std::vector<double> of(const Table& codes) const {
    std::vector<double> values(codes.values.begin(), codes.values.end());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t j = i % mean_.size();
      values[i] = (values[i] - mean_[j]) * scale_[j];
    }
    return values;
  }

 private:
  std::vector<double> mean_, scale_;
};

/// Multinomial logistic regression: for each class its weights and then its bias.
class Probe {
 public:
  Probe(std::int64_t dims, std::int64_t classes)
      : dims_(static_cast<std::size_t>(dims)),
        classes_(static_cast<std::size_t>(classes)),
        parameters_(classes_ * (dims_ + 1)) {}

  void fit(const std::vector<double>& codes, const std::vector<std::int32_t>& classes, double l2) {
    analysis::minimize([&](const std::vector<double>& w,
                           std::vector<double>& gradient) { return cost(w, gradient, codes, classes, l2); },
                       parameters_, 1e-5, 500);
  }

  std::int32_t predict(const double* code) const {
    std::vector<double> logits(classes_);
    fill_logits(parameters_, code, logits.data());
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }

 private:
  void fill_logits(const std::vector<double>& w, const double* code, double* logits) const {
    for (std::size_t c = 0; c < classes_; ++c) {
      const double* row = w.data() + c * (dims_ + 1);
      double sum = row[dims_];
      for (std::size_t j = 0; j < dims_; ++j) sum += row[j] * code[j];
      logits[c] = sum;
    }
  }

  /// Turns logits into softmax − one-hot and returns the cross-entropy, in nats.
  double to_gradient(double* logits, std::int32_t target) const {
    const double largest = *std::max_element(logits, logits + classes_);
    const double wanted = logits[target];
    double sum = 0.0;
    for (std::size_t c = 0; c < classes_; ++c) sum += logits[c] = std::exp(logits[c] - largest);
    for (std::size_t c = 0; c < classes_; ++c) logits[c] /= sum;
    logits[target] -= 1.0;
    return largest + std::log(sum) - wanted;
  }

  /// Sums spans of rows in parallel and then adds the spans in order, so that the result does not depend on
  /// the number of threads.
  double cost(const std::vector<double>& w, std::vector<double>& gradient, const std::vector<double>& codes,
              const std::vector<std::int32_t>& classes, double l2) const {
    constexpr std::size_t kSpan = 1024;
    const std::size_t rows = classes.size(), spans = (rows + kSpan - 1) / kSpan;
    std::vector<double> costs(spans), parts(spans * w.size());
    const auto of_span = [&](std::size_t s) {
      double* part = parts.data() + s * w.size();
      std::vector<double> logits(classes_);
      for (std::size_t i = s * kSpan; i < std::min(rows, (s + 1) * kSpan); ++i) {
        const double* code = codes.data() + i * dims_;
        fill_logits(w, code, logits.data());
        costs[s] += to_gradient(logits.data(), classes[i]);
        for (std::size_t c = 0; c < classes_; ++c) {
          double* row = part + c * (dims_ + 1);
          for (std::size_t j = 0; j < dims_; ++j) row[j] += logits[c] * code[j];
          row[dims_] += logits[c];
        }
      }
    };
    ParallelError error;
#pragma omp parallel for schedule(static) num_threads(cpu_threads())
    for (std::size_t s = 0; s < spans; ++s) error.guard([&] { of_span(s); });
    error.rethrow();
    const auto n = static_cast<double>(rows);
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double total = 0.0;
    for (std::size_t s = 0; s < spans; ++s) {
      total += costs[s] / n;
      for (std::size_t p = 0; p < w.size(); ++p) gradient[p] += parts[s * w.size() + p] / n;
    }
    for (std::size_t p = 0; p < w.size(); ++p) {
      if (p % (dims_ + 1) == dims_) continue;
      total += 0.5 * l2 * w[p] * w[p];
      gradient[p] += l2 * w[p];
    }
    return total;
  }

  std::size_t dims_, classes_;
  std::vector<double> parameters_;
};

double neighbour_accuracy(const Table& train, std::span<const std::int32_t> train_labels, const Table& test,
                          std::span<const std::int32_t> test_labels, std::int64_t k) {
  k = std::min(k, train.rows);
  const Neighbours near = nearest_neighbours(test, train, k);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < test_labels.size(); ++i) {
    std::map<std::int32_t, std::int64_t> votes;
    std::int32_t winner = 0;
    std::int64_t max_votes = 0;
    const auto label = [&](std::int64_t n) {
      return train_labels[static_cast<std::size_t>(
          near.rows[i * static_cast<std::size_t>(k) + static_cast<std::size_t>(n)])];
    };
    for (std::int64_t n = 0; n < k; ++n) max_votes = std::max(max_votes, ++votes[label(n)]);
    for (std::int64_t n = k; n-- > 0;) {
      if (votes[label(n)] == max_votes) winner = label(n);  // visited last: the nearest breaks ties
    }
    right += winner == test_labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(test_labels.size());
}

void check(const Table& codes, std::span<const std::int32_t> labels, const char* which) {
  ELBO_CHECK(static_cast<std::size_t>(codes.rows) == labels.size(), ShapeError, codes.rows, ' ', which,
             " codes have ", labels.size(), " labels");
  if (codes.rows < 1) throw DataError(concat("there are no ", which, " codes"));
  analysis::require_finite(codes, which);
}

}  // namespace

CodeQuality code_quality(const Table& train, std::span<const std::int32_t> train_labels, const Table& test,
                         std::span<const std::int32_t> test_labels, std::int64_t k, double l2) {
  check(train, train_labels, "training");
  check(test, test_labels, "test");
  ELBO_CHECK(train.cols == test.cols, ShapeError, "training codes have ", train.cols, " values, test codes ",
             test.cols);
  ELBO_CHECK(k >= 1 && l2 >= 0.0, ConfigError, "k must be at least 1 and l2 at least 0");
  const std::set<std::int32_t> names(train_labels.begin(), train_labels.end());
  if (names.size() < 2) throw DataError(concat("all training codes are labelled ", *names.begin()));

  std::map<std::int32_t, std::int32_t> number;
  for (const auto name : names) number.emplace(name, static_cast<std::int32_t>(number.size()));
  std::vector<std::int32_t> classes;
  for (const auto label : train_labels) classes.push_back(number.at(label));
  const Standardized standardized(train);
  Probe probe(train.cols, std::ssize(names));
  probe.fit(standardized.of(train), classes, l2);

  const std::vector<double> codes = standardized.of(test);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < test_labels.size(); ++i) {
    const auto found = number.find(test_labels[i]);
    right += found != number.end() &&
             probe.predict(codes.data() + i * static_cast<std::size_t>(test.cols)) == found->second;
  }
  return {.classes = std::ssize(names),
          .linear_probe = static_cast<double>(right) / static_cast<double>(test_labels.size()),
          .nearest_neighbours = neighbour_accuracy(train, train_labels, test, test_labels, k)};
}

}  // namespace elbo
