#include "data/table/names.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"

namespace elbo::data {

std::string name_of(const Survey& survey, std::size_t field) {
  if (field < survey.header.size() && !survey.header[field].empty()) return shown(survey.header[field]);
  return concat("column ", field + 1);
}

std::size_t find_column(const Survey& survey, std::string_view text, std::string_view setting) {
  const auto same = [&](const std::string& name) { return name == text; };
  const auto found = std::ranges::find_if(survey.header, same);
  if (found != survey.header.end()) {
    if (std::any_of(found + 1, survey.header.end(), same)) {
      throw ConfigError(concat(setting, ": several columns are called ", shown(text),
                               ". Name one by its number, 1 to ", survey.width, "."));
    }
    return static_cast<std::size_t>(found - survey.header.begin());
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= survey.width)
    return number - 1;
  if (survey.header.empty()) {
    throw ConfigError(concat(setting, ": the file has no names of columns: give a number from 1 to ",
                             survey.width, ", not ", shown(text), "."));
  }
  throw ConfigError(
      concat(setting, ": there is no column ", shown(text), "; ", nearest_hint(text, survey.header)));
}

std::string list_names(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    text += concat(i > 0 ? ", " : "", names[i]);
  if (names.size() > kNamed) text += concat(" and ", names.size() - kNamed, " more");
  return text;
}

}  // namespace elbo::data
