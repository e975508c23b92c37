#pragma once
// Edits of latent codes in steps: towards another class, or along one dimension.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/elbo.h"

namespace elbo::command {

/// How codes are changed at each step.
struct CodeEdit {
  std::string name;              ///< of a step's number, as a column of a table
  std::vector<double> steps;     ///< a step's number: a strength, or the value of a dimension
  std::vector<float> direction;  ///< [latent] added to the code times the step's number; empty: none
  std::int64_t dimension = -1;   ///< the dimension that takes the step's number as its value; -1: none

  /// Codes [n, latent] → [n · steps, latent], the steps of each code beside each other.
  Table apply(const Table& codes) const;
};

/// `count` numbers from `low` to `high` at equal distances; the middle if it is one.
std::vector<double> evenly_between(double low, double high, std::int64_t count);

/// The name of the class of training examples that has this name, or else this number. Throws DataError if
/// these have no labels, ConfigError, which lists the classes, if there is no such class.
std::string class_named(const Dataset& data, const std::string& name_or_number);

/// The examples of a split of `data` whose label is called `name`.
Examples of_class(const Dataset& data, const Examples& examples, const std::string& name);

/// Adds the difference of the mean codes of the training examples of two classes, with strengths from 0 to
/// `strength`.
CodeEdit between_classes(const Model& model, const Dataset& data, const std::string& from,
                         const std::string& to, double strength, std::int64_t steps);

/// Gives one dimension values between the 1 % and the 99 % quantile of the training examples' codes. Throws
/// ConfigError if the latent has no such dimension.
CodeEdit along_dimension(const Model& model, const Dataset& data, std::int64_t dimension, std::int64_t steps);

}  // namespace elbo::command
