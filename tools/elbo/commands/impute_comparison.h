#pragma once
// Imputed values beside the truth and beside one guess for each column.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// Columns of a kind, and the errors of their imputed values.
struct ImputationErrors {
  std::string kind;      ///< a schema's kind; empty: all columns of a model without one
  bool classes = false;  ///< errors are wrong classes, not squared differences
  bool scaled = false;   ///< differences are in units of their column's standard deviation
  std::int64_t count = 0, covered = 0;
  double errors = 0.0, guess_errors = 0.0;  ///< sums

  /// The share of wrong classes, or the root of the mean squared error.
  double of_model() const { return averaged(errors); }
  /// The same for each column's mean, or its most frequent class, as a guess.
  double of_guesses() const { return averaged(guess_errors); }
  /// The share of truths inside their intervals.
  double coverage() const { return static_cast<double>(covered) / static_cast<double>(count); }

 private:
  double averaged(double sum) const;
};

class Comparison {
 public:
  /// Guesses come from the present values of `known`, the data's train split. `truth` must outlive it.
  Comparison(const Model& model, const Examples& known, const Examples& truth);

  /// Adds rows from `first` on.
  void add(const Table& rows, const Imputation& completed, std::int64_t first);
  /// The kinds that had values to compare.
  std::vector<ImputationErrors> kinds() const;

 private:
  const Examples& truth_;
  std::vector<ImputationErrors> kinds_;
  std::vector<std::size_t> kind_of_;  ///< of each column
  std::vector<double> guesses_, deviations_;
};

/// Adds "rmse" and "error_rate" beside those of the guesses, or, for a table of mixed kinds, "by_kind".
void add_comparison(Json& json, const Comparison& comparison, bool intervals);
void print_comparison(const Comparison& comparison, bool intervals);

}  // namespace elbo::command
