#pragma once
// What the cells of a table are, and the numbers among them.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/table/cell.h"
#include "elbo/dataset.h"

namespace elbo::data {

/// A cell that tells why a column is not of one kind.
struct Example {
  std::string text;
  std::int64_t line = 0;
};

/// The cells of one column, below the header.
struct ColumnFacts {
  std::int64_t present = 0;
  std::int64_t missing = 0;
  std::int64_t numbers = 0;
  std::int64_t dates = 0;
  double first_date = 0.0;      ///< the earliest, in days since 1970
  bool whole_days = true;       ///< no date has a time of day
  bool whole = true;            ///< every number is one without fraction
  double min = 0.0, max = 0.0;  ///< of the numbers
  bool counts_rows = true;      ///< the cells are the rows' numbers, from 0 or from 1
  double first = 0.0;
  /// The texts and how often each occurs, as far as there are at most kMaxLevels.
  std::unordered_map<std::string, std::int64_t> texts;
  bool many_texts = false;  ///< there are more
  /// The numbers as they are written, of a column that holds texts too, or if numbers may be classes,
  /// as far as there are at most kMaxLevels.
  std::unordered_set<std::string> number_texts;
  bool many_numbers = false;  ///< there are more
  bool distinct = true;       ///< no cell occurs twice; looked at in columns named like ids, and of texts
  Example not_a_number;       ///< the first present cell that is none

  static constexpr std::size_t kMaxLevels = 1000;
};

struct Survey {
  std::vector<std::string> header;   ///< empty if the file has none; no name occurs twice
  std::vector<std::string> renamed;  ///< those that did, and have a number now
  bool counted = false;              ///< the first line counts the columns, and was taken for their names
  bool signs = false;                ///< some number has a sign, a comma or a point
  bool ambiguous = false;            ///< every sign in a number may be the decimal one, or separate thousands
  std::size_t width = 0;
  std::int64_t rows = 0;
  NumberStyle style;
  bool comma_as_thousands = false;  ///< some number has a comma between groups of three digits
  std::vector<ColumnFacts> columns;
  /// [rows, width] the cells that are numbers, and NaN for all others: the text need not be read again for
  /// them.
  std::vector<float> numbers;
  std::vector<std::int64_t> lines;  ///< [rows] of the text
};

/// Whether a column's name is customary for ids: id, index, uuid, customer_id, userID.
bool is_id_name(std::string_view name);

/// Reads the whole text once; the options' `header` and `decimal` decide how. Where both are automatic and
/// every sign is ambiguous, `known`, unless automatic too, is the decimal one. Throws DataError, with the
/// line, if rows differ in width or there are none.
Survey survey(std::string_view text, std::string_view origin, const TableOptions& options,
              DecimalSign known = DecimalSign::automatic);

}  // namespace elbo::data
