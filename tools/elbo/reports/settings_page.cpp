#include "reports/settings_page.h"

#include <string_view>

#include "base/check.h"
#include "elbo/recipe.h"

namespace elbo::command {
namespace {

constexpr std::string_view kIntroduction = R"(# Settings

Every key of a recipe. A recipe file has them by section (`[train]`, then `epochs = 20`), the command line by their whole
name (`--set train.epochs=20`). [recipes.md](recipes.md) says how recipes are written; the pages on [data](data.md),
[networks](networks.md), [likelihoods](likelihoods.md), [objectives](objectives.md) and [training](training.md) say more.
`elbo info --settings` prints this page.
)";

/// A cell of a table, in which a bar would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string values_of(const Setting& setting) {
  if (setting.type == "true|false") return "`true`, `false`";
  if (setting.choices.empty()) return setting.type + (setting.bounds.empty() ? "" : ", ") + setting.bounds;
  std::string text;
  for (const std::string& choice : setting.choices)
    text += concat(text.empty() ? "" : ", ", "`", choice, "`");
  return text;
}

std::string row_of(const Setting& setting) {
  const std::string& with = setting.counts_with;
  return concat("| `", setting.name, "` | ", cell(setting.description), with.empty() ? "" : "; counts with ",
                cell(with), " | ", cell(values_of(setting)), " | `", cell(setting.default_value), "` |\n");
}

}  // namespace

std::string settings_page() {
  std::string page(kIntroduction);
  std::string section;
  for (const Setting& setting : recipe_settings()) {
    const std::size_t dot = setting.name.find('.');
    if (dot == std::string::npos) continue;  // the recipe's name and description
    if (setting.name.compare(0, dot, section) != 0) {
      section = setting.name.substr(0, dot);
      page += concat("\n## ", section, "\n\n| key | what | values | default |\n|---|---|---|---|\n");
    }
    page += row_of(setting);
  }
  return page;
}

}  // namespace elbo::command
