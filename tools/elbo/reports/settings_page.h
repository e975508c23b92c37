#pragma once
// docs/settings.md, printed from the table of recipe keys.

#include <string>

namespace elbo::command {

/// Every key of a recipe in Markdown, a table per section: what it does, its values, its default, and the
/// settings that it counts with.
std::string settings_page();

}  // namespace elbo::command
