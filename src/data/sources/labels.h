#pragma once
// Labels that a source stores as text.

#include <span>
#include <string>
#include <vector>

#include "data/sources/array.h"

namespace elbo::data {

/// Numbers the parts' label texts in sorted order, alike in all parts, sets the examples' labels and returns
/// the names: name i is label i. Returns nothing, and changes nothing, if no part has texts. Throws DataError
/// if the texts are not one per example, or one part has texts and another numbers.
std::vector<std::string> number_label_texts(std::span<Part* const> parts);

}  // namespace elbo::data
