#pragma once
// The report of elbo data show on picture files: what their headers say, and what cannot be read.

#include <string>

#include "elbo/summary.h"
#include "reports/report.h"

namespace elbo::command {

/// Prints the sizes, where there are several, and the files that cannot be read.
void print_files(const PictureSummary& pictures);
/// Prints pictures that cannot be loaded as they are, and the reason.
void print_pictures(const std::string& name, const PictureSummary& pictures, const std::string& problem);

/// Adds "sizes" and "unread".
void add_files(Json& json, const PictureSummary& pictures);
/// Prints the headers of pictures that cannot be loaded as they are.
Json pictures_json(const std::string& name, const PictureSummary& pictures, const std::string& problem);

}  // namespace elbo::command
