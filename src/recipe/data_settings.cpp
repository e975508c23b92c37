#include "recipe/data_settings.h"

#include "base/check.h"

namespace elbo {
namespace {

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
  if (likelihood_support(kind) == Support::counts) {
    return {.needed_by = name,
            .low = 0.0f,
            .high = kMaxCount,
            .advice =
                "Set model.likelihood = \"gaussian-learned\" for other numbers. Bytes stand for byte/255: "
                "store counts as another type",
            .whole = true};
  }
  if (settings.binarize != Binarize::none) {
    const std::string_view way = settings.binarize == Binarize::dynamic ? "dynamic" : "threshold";
    return {concat("data.binarize = \"", way, "\""), 0.0f, 1.0f, "Set data.binarize = \"none\""};
  }
  if (likelihood_support(kind) == Support::real) return {.needed_by = name};
  return {name, 0.0f, 1.0f, "Set model.likelihood = \"gaussian\""};
}

}  // namespace

data::ValueRange value_range(LikelihoodKind kind, const DataSettings& settings,
                             const LikelihoodConstants& constants) {
  data::ValueRange range = present_values(kind, settings, constants);
  range.may_miss = settings.missing == MissingValues::mask || !settings.mask.empty();
  return range;
}

}  // namespace elbo
