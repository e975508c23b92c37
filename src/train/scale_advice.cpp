#include "train/scale_advice.h"

#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "data/rows.h"

namespace elbo {

std::optional<std::string> scale_advice(const Recipe& recipe, const Dataset& data) {
  constexpr float kLarge = 30.0f;
  if (recipe.data.standardize) return std::nullopt;
  const std::vector<float>& values = data::stored_floats(data.train);
  float largest = 0.0f;
  std::size_t column = 0;
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (!(std::abs(values[at]) > std::abs(largest))) continue;
    largest = values[at];
    column = static_cast<std::size_t>(data::column_of(data.train, at));
  }
  if (std::abs(largest) <= kLarge) return std::nullopt;
  const std::string name =
      column < data.columns.size() ? data::shown(data.columns[column]) : concat(column + 1);
  return concat(
      "the loss is NaN or infinite at step 1, before the model has changed: the data is large in "
      "scale. Its largest value is ",
      largest, ", in column ", name, ".\nSet data.standardize = true, or scale the data.");
}

}  // namespace elbo
