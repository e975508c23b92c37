#pragma once
// The cells of a text table's values, for tables that are written from it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/plan.h"
#include "elbo/dataset.h"

namespace elbo::data {

/// Keeps a table's text, and reads its rows again when they are asked for. A number with a decimal comma or
/// with separators, and a date in another form than 2024-01-31, has no text of its own: beside a number that
/// elbo writes it could mean another.
class TableSource : public SourceValues {
 public:
  TableSource(std::string_view text, char separator, NumberStyle style, const TablePlan& plan);

  /// Adds the row that begins at text[begin] and is called `line`; lines ascend.
  void add_row(std::int64_t line, std::size_t begin);

  /// Throws ShapeError if there is no such line.
  std::vector<SourceCell> row(std::int64_t line) const override;
  bool binary() const override { return false; }

 private:
  std::string text_;
  char separator_;
  NumberStyle style_;
  std::vector<std::size_t> fields_;  ///< of each value
  std::vector<bool> are_levels_;
  std::vector<std::int64_t> lines_;
  std::vector<std::size_t> begins_;
};

}  // namespace elbo::data
