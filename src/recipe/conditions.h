#pragma once
// What model.condition names.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/recipe.h"

namespace elbo {

/// How model.condition calls the label.
inline constexpr std::string_view kLabelCondition = "label";

/// Whether the label is among the conditions.
bool reads_label(const ModelSettings& settings);
/// Whether it is the only one.
bool reads_label_alone(const ModelSettings& settings);
/// The others: columns of a table, by their names.
std::vector<std::string> columns_read(const ModelSettings& settings);

/// The number of levels of each condition, 0 for a number, by model.condition_kinds; empty if there are none,
/// or the label alone. Throws ConfigError if a kind is not known.
std::vector<std::int32_t> levels_read(const ModelSettings& settings);

/// "categorical 3", or "numeric" if there are no levels.
std::string condition_kind(std::int64_t levels);

/// Throws ConfigError if the settings of conditions contradict each other, or other settings.
void check_condition(const Recipe& recipe);

}  // namespace elbo
