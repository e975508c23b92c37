// The documents keep to what there is: the files, headings and recipe keys that they name exist.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "io/file.h"
#include "recipe/keys.h"
#include "support/places.h"

namespace elbo::test {
namespace {

namespace fs = std::filesystem;

/// Path from the project's root → contents.
using Documents = std::map<std::string, std::string>;

Documents read_documents() {
  Documents documents;
  const fs::path root = project_folder();
  const auto add = [&](const fs::directory_entry& entry) {
    if (entry.is_regular_file() && entry.path().extension() == ".md")
      documents[fs::relative(entry.path(), root).generic_string()] = io::read_file(entry.path());
  };
  for (const auto& entry : fs::directory_iterator(root)) add(entry);
  for (const char* folder : {"docs", "bench", "tests", "examples"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) add(entry);
  }
  return documents;
}

/// Without blocks of code.
std::string prose_of(const std::string& text) {
  std::string prose;
  std::istringstream lines(text);
  bool code = false;
  for (std::string line; std::getline(lines, line);) {
    const bool fence = line.starts_with("```");
    if (fence) code = !code;
    if (!fence && !code) prose += line + "\n";
  }
  return prose;
}

/// What each match of a pattern has in its first group, without repetition.
std::set<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (auto match = std::sregex_iterator(text.begin(), text.end(), expression);
       match != std::sregex_iterator(); ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

/// What links call the headings of a document: "How it is measured" is how-it-is-measured.
std::set<std::string> anchors_of(const std::string& text) {
  std::set<std::string> anchors;
  for (const std::string& heading : all_matches("\n" + prose_of(text), "\n#+ ([^\n]+)")) {
    std::string anchor;
    for (const char c : heading) {
      if (c == ' ') anchor += '-';
      if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_')
        anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    anchors.insert(anchor);
  }
  return anchors;
}

std::int64_t lines_of(const std::string& text) {
  return std::ranges::count(text, '\n');
}

TEST(Documents, LinksLeadSomewhere) {
  ELBO_REQUIRE_SOURCES();
  const fs::path root = project_folder();
  const Documents documents = read_documents();
  ASSERT_GT(documents.size(), 15u);
  int links = 0;
  for (const auto& [file, text] : documents) {
    for (const std::string& link : all_matches(prose_of(text), R"(\]\(([^)\s]+)\))")) {
      if (link.find("://") != std::string::npos) continue;
      ++links;
      const std::size_t hash = link.find('#');
      const std::string name = link.substr(0, hash);
      const std::string target =
          name.empty() ? file : (fs::path(file).parent_path() / name).lexically_normal().generic_string();
      EXPECT_TRUE(fs::exists(root / target)) << file << ": " << link;
      if (hash == std::string::npos || !documents.count(target)) continue;
      EXPECT_TRUE(anchors_of(documents.at(target)).count(link.substr(hash + 1))) << file << ": " << link;
    }
  }
  EXPECT_GT(links, 50);
}

TEST(Documents, NamedFilesExist) {
  ELBO_REQUIRE_SOURCES();
  for (const auto& [file, text] : read_documents()) {
    // What was, and what others have.
    if (file == "CHANGELOG.md" || file.starts_with("bench/results/")) continue;
    for (const std::string& path :
         all_matches(text,
                     "`((?:bench|cmake|docs|examples|include|kernels|recipes|src|tests|tools)/"
                     "[A-Za-z0-9_./-]+)`")) {
      if (path.starts_with("bench/results/")) continue;  // some are of other machines
      EXPECT_TRUE(fs::exists(project_folder() / path)) << file << ": " << path;
    }
  }
}

TEST(Documents, NameEveryRecipeKeyAndNoOther) {
  ELBO_REQUIRE_SOURCES();
  std::set<std::string> named = {"name", "description"};
  for (const auto& [file, text] : read_documents()) {
    // The settings' page has every key by itself.
    if (!file.starts_with("docs/") || file == "docs/cpp.md" || file == "docs/settings.md") continue;
    for (const std::string& key :
         all_matches(text, R"(\b((?:data|model|objective|train)\.[a-z][a-z_0-9]*))")) {
      if (key == "model.safetensors" || key == "data.md") continue;  // files
      EXPECT_TRUE(find_recipe_key(key)) << file << ": " << key;
      named.insert(key);
    }
  }
  for (const RecipeKey& key : recipe_keys())
    EXPECT_TRUE(named.count(std::string(key.name))) << key.name << " is in no page of docs";
}

TEST(Documents, AreShort) {
  ELBO_REQUIRE_SOURCES();
  const Documents documents = read_documents();
  EXPECT_LE(lines_of(documents.at("README.md")), 130);
  EXPECT_LE(lines_of(documents.at("HACKING.md")), 150);
}

}  // namespace
}  // namespace elbo::test
