#include "vae/likelihood/column_kind.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/nearest.h"

namespace elbo {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw ConfigError(concat("model.column_likelihoods: \"", text, "\" ", why));
}

std::int32_t read_classes(std::string_view text, std::string_view number) {
  std::int32_t classes = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), classes);
  if (error != std::errc() || end != number.data() + number.size() || classes < 2 || classes > kMaxClasses) {
    refuse(text, concat("needs a number of classes from 2 to ", kMaxClasses, ", as in \"categorical 5\"."));
  }
  return classes;
}

}  // namespace

ColumnKindSetting read_column_kind(std::string_view text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view name = text.substr(0, space), rest = text.substr(std::min(space + 1, text.size()));
  const auto kind = likelihood_named(name);
  if (!kind) {
    std::vector<std::string> known;
    for (const LikelihoodInfo& info : kLikelihoods) {
      if (info.kind != LikelihoodKind::gaussian_shared) known.emplace_back(info.name);
    }
    refuse(text, concat("is no likelihood of a column; ", nearest_hint(name, known)));
  }
  if (*kind == LikelihoodKind::gaussian_shared) {
    refuse(text, "has one variance for all columns: use gaussian-learned.");
  }
  if (*kind == LikelihoodKind::categorical) return {*kind, read_classes(text, rest)};
  if (!rest.empty()) refuse(text, "takes no number.");
  return {*kind, 2};
}

}  // namespace elbo
