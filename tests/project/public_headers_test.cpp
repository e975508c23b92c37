// Checks of public headers. Building elbo_public_headers checks that each compiles alone without CUDA.

#include <gtest/gtest.h>

#include <regex>

#include "support/places.h"
#include "support/room_rules.h"

namespace elbo::test {
namespace {

TEST(PublicHeaders, UmbrellaIncludesThemAll) {
  ELBO_REQUIRE_SOURCES();
  const SourceTree sources = read_sources(project_folder());
  const std::string& umbrella = sources.at("include/elbo/elbo.h");
  int headers = 0;
  for (const auto& [file, text] : sources) {
    if (!std::regex_match(file, std::regex("include/elbo/[^/]+\\.h")) || file == "include/elbo/elbo.h")
      continue;
    ++headers;
    const std::string name = file.substr(std::string("include/").size());
    EXPECT_TRUE(std::regex_search(umbrella, std::regex("#include [<\"]" + name + "[>\"]"))) << name;
  }
  EXPECT_GE(headers, 5);
}

TEST(PublicHeaders, NoneHasMacrosWithoutThePrefix) {
  ELBO_REQUIRE_SOURCES();
  const std::regex macro(R"((^|\n)\s*#\s*define\s+(?!ELBO_))");
  for (const auto& [file, text] : read_sources(project_folder())) {
    if (file.rfind("include/", 0) != 0) continue;
    EXPECT_FALSE(std::regex_search(text, macro)) << file;
    EXPECT_NE(text.find("#pragma once"), std::string::npos) << file;
  }
}

}  // namespace
}  // namespace elbo::test
