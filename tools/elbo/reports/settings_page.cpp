#include "reports/settings_page.h"

#include <cmath>
#include <limits>
#include <string_view>

#include "base/check.h"
#include "recipe/counts.h"
#include "recipe/keys.h"

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

/// Without those bounds that only keep numbers finite.
std::string bounds_of(const RecipeKey& key) {
  Bounds bounds = key.bounds;
  if (bounds.low > 0.0 && bounds.low < 1e-9) bounds = {.low = 0.0, .high = bounds.high, .low_allowed = false};
  if (bounds.high >= 1e9) bounds.high = std::numeric_limits<double>::infinity();
  return std::isfinite(bounds.low) || std::isfinite(bounds.high) ? ", " + bounds.describe() : "";
}

std::string values_of(const RecipeKey& key) {
  if (key.type() == "true|false") return "`true`, `false`";
  if (!key.choices) {
    const bool is_number = key.type().find("number") != std::string::npos;
    return key.type() + (is_number ? bounds_of(key) : "");
  }
  std::string text;
  for (const Choice& choice : key.choices()) text += concat(text.empty() ? "" : ", ", "`", choice.name, "`");
  return text;
}

std::string row_of(const RecipeKey& key) {
  const std::string with = counts_with(key);
  return concat("| `", key.name, "` | ", cell(key.doc), with.empty() ? "" : "; counts with ", cell(with),
                " | ", cell(values_of(key)), " | `", cell(key.to_toml({})), "` |\n");
}

std::string_view section_of(const RecipeKey& key) {
  return key.name.substr(0, key.name.find('.'));
}

}  // namespace

std::string settings_page() {
  std::string page(kIntroduction);
  std::string_view section;
  for (const RecipeKey& key : recipe_keys()) {
    if (key.name.find('.') == std::string_view::npos) continue;  // the recipe's name and description
    if (section_of(key) != section) {
      section = section_of(key);
      page += concat("\n## ", section, "\n\n| key | what | values | default |\n|---|---|---|---|\n");
    }
    page += row_of(key);
  }
  return page;
}

}  // namespace elbo::command
