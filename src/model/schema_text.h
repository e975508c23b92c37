#pragma once
// A schema as text in a model file's metadata.

#include <string>
#include <string_view>

#include "elbo/schema.h"

namespace elbo {

/// JSON: {"columns": [{"name": …, "kind": …, "levels": […]}, …], "decimal": "comma"}; without "decimal" if
/// no number has a sign.
std::string schema_to_text(const Schema& schema);

/// Reads it back. Throws DataError, which begins with `where`, if it is no schema, or not one with `dims`
/// modelled columns.
Schema schema_from_text(std::string_view text, std::int64_t dims, std::string_view where);

}  // namespace elbo
