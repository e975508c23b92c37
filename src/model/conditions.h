#pragma once
// What a conditional model reads beside the values of each example: taken from examples or given, checked,
// and brought to the scale that its networks read.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "data/resident.h"
#include "model/state.h"

namespace elbo {

/// Throws unless every example has the conditions that the model knows. `source` names examples without an
/// origin.
void check_example_conditions(const ModelState& state, const Examples& examples, std::string_view source);

/// Model::conditions_of, of examples that are checked.
Table own_conditions(const ModelState& state, const Examples& examples);

/// Gives examples these conditions for their own.
void set_own_conditions(const ModelState& state, const Table& conditions, Examples& examples);

/// The conditions of checked examples, standardised by these statistics.
Table network_conditions(const ModelState& state, const data::Standardization& statistics,
                         const Examples& examples);

/// The same of rows that labels or a table of conditions are given for, whose numbers in errors begin with
/// `first`; none if the model has none. Throws ConfigError if it reads none or others than labels,
/// ShapeError, DataError.
Table network_conditions(const ModelState& state, std::int64_t rows, std::span<const std::int32_t> labels,
                         std::int64_t first = 0);
Table network_conditions(const ModelState& state, std::int64_t rows, const Table& conditions,
                         std::int64_t first = 0);

/// Examples on the model's device, with the conditions that its networks read.
data::ResidentData resident_data(const ModelState& state, const data::Standardization& statistics,
                                 const Examples& examples);

/// Adds the statistics of the conditions to those of the values.
void add_condition_statistics(const ModelState& state, const Examples& train,
                              data::Standardization& statistics);

/// What keeps a schema's conditions from being those of the settings; empty if they are, or there is no
/// schema.
std::string condition_mismatch(const ModelSettings& settings, const Schema& schema);

}  // namespace elbo
