// docs/settings.md is what the table of keys prints.

#include <gtest/gtest.h>

#include "io/file.h"
#include "recipe/keys.h"
#include "support/places.h"
#include "tools/elbo/reports/settings_page.h"

namespace elbo::test {
namespace {

TEST(SettingsPage, NamesEveryKeyWithItsDefault) {
  const std::string page = command::settings_page();
  for (const RecipeKey& key : recipe_keys()) {
    if (key.name.find('.') == std::string_view::npos) continue;
    EXPECT_NE(page.find("| `" + std::string(key.name) + "` |"), std::string::npos) << key.name;
  }
  EXPECT_NE(page.find("`relu`, `tanh`"), std::string::npos) << "choices are listed";
  EXPECT_NE(page.find("counts with train.schedule"), std::string::npos) << "conditions are said";
}

TEST(SettingsPage, TheOneInDocsIsCurrent) {
  ELBO_REQUIRE_SOURCES();
  EXPECT_EQ(io::read_file(project_folder() / "docs" / "settings.md"), command::settings_page())
      << "elbo info --settings >docs/settings.md writes it anew";
}

}  // namespace
}  // namespace elbo::test
