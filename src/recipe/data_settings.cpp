#include "recipe/data_settings.h"

#include "base/check.h"
#include "recipe/choices.h"

namespace elbo {
namespace {

struct Binarization : Choice {
  ops::Binarize kind;
};

constexpr Binarization kBinarizations[] = {
    {{"none"}, ops::Binarize::none},
    {{"threshold"}, ops::Binarize::threshold},
    {{.name = "dynamic", .formerly = "resample"}, ops::Binarize::dynamic}};

data::ValueRange present_values(LikelihoodKind kind, const DataSettings& settings,
                                const LikelihoodConstants& constants) {
  const std::string name(likelihood_name(kind));
  if (likelihood_support(kind) == Support::classes) {
    return {.needed_by = name,
            .low = 0.0f,
            .high = static_cast<float>(constants.classes - 1),
            .advice = concat("Number the classes from 0, and set model.classes to their number (it is ",
                             constants.classes, ", ", kMaxClasses,
                             " at most). Bytes stand for byte/255: store classes as another type"),
            .whole = true};
  }
  const ops::Binarize binarize = binarization(settings);
  if (binarize != ops::Binarize::none) {
    return {concat("data.binarize = \"", settings.binarize, "\""), 0.0f, 1.0f,
            "Set data.binarize = \"none\""};
  }
  if (likelihood_support(kind) == Support::real) return {.needed_by = name};
  return {name, 0.0f, 1.0f, "Set model.likelihood = \"gaussian\""};
}

}  // namespace

std::span<const Choice> binarize_choices() {
  static const auto choices = choices_of(kBinarizations);
  return choices;
}

ops::Binarize binarization(const DataSettings& settings) {
  if (const auto* row = find_row(kBinarizations, settings.binarize)) return row->kind;
  throw ConfigError(
      concat("data.binarize = \"", settings.binarize, "\" is not known: use none, threshold or dynamic."));
}

data::ValueRange value_range(LikelihoodKind kind, const DataSettings& settings,
                             const LikelihoodConstants& constants) {
  data::ValueRange range = present_values(kind, settings, constants);
  range.may_miss = settings.missing == "mask" || !settings.mask.empty();
  return range;
}

}  // namespace elbo
