#pragma once
// What is made of each column of a table: inferred for training data, matched for later data.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/survey.h"
#include "elbo/dataset.h"

namespace elbo::data {

/// A modelled column of the schema, and where it is in the file.
struct ValueColumn {
  std::size_t column;
  std::size_t field;
};

struct TablePlan {
  Schema schema;                        ///< of the file, or of the model that it is matched with
  std::vector<ColumnReading> readings;  ///< of the file's columns; empty if it is matched with a model
  std::vector<ValueColumn> values;      ///< in the schema's order
  std::vector<ValueColumn> conditions;  ///< in the order of Column::condition
  std::optional<std::size_t> label;     ///< the file's column of labels
  std::vector<std::string> label_names;
  std::string label_why;  ///< if its cells alone tell it: ", which holds …"
  std::optional<std::size_t> id;
  std::vector<std::string> notes;
};

/// Whether a column is called label, class or target, in any case.
bool is_label_name(std::string_view name);
/// Labels are texts or whole numbers.
bool can_be_label(const ColumnFacts& facts);

/// Infers the kinds of the columns, as far as the options do not set them. Throws ConfigError if the options
/// name a column that is not there, DataError, with the line, if a cell is neither a number nor its column
/// text.
TablePlan plan_table(const Survey& survey, std::string_view origin, const TableOptions& options);

/// Takes columns out of the values of a new plan, to be read beside them in the order of `names`; classes
/// that are numbers get these for levels. Throws ConfigError for a name that is not there, DataError if a
/// column cannot be read.
void take_conditions(const Survey& survey, std::string_view origin, const std::vector<std::string>& names,
                     TablePlan& plan);

/// Matches the columns with those of a model by name. Without a header, or without names in the model,
/// columns are matched by position, if their number is right. Throws DataError that names missing columns, or
/// a text that the model does not know.
TablePlan match_table(const Survey& survey, std::string_view origin, const TableOptions& options,
                      const Schema& like);

}  // namespace elbo::data
