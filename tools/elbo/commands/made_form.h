#pragma once
// In what format made examples are written.

#include <filesystem>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/made_examples.h"

namespace elbo::command {

/// Throws ConfigError if the name of a file that is to be written ends in no known way.
void check_made_name(const std::string& out);

/// The file and its format: by its name, or, if `out` is empty or names no format, that of the examples' own
/// data, in `folder` if there is no name. Throws ConfigError if the examples cannot be written so, or would
/// replace `data`, the path of their own data.
MadeForm made_form(const Model& model, const Dataset& dataset, const std::string& out,
                   const std::filesystem::path& folder, const std::string& data);

/// Has labels of these names written, which are those that may occur; none: numbers. Throws ConfigError if
/// one of them cannot name a picture folder.
void set_labels(MadeForm& form, const std::vector<std::string>& names);

/// What the format changes of values, a sentence each.
std::vector<std::string> made_notes(const MadeForm& form);

/// Rounds counts, classes and whole days, whose means have fractions, to the nearest that there is.
void round_whole_columns(const Model& model, Table& rows);

}  // namespace elbo::command
