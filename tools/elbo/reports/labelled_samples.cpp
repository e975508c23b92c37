#include "reports/labelled_samples.h"

namespace elbo::command {

bool is_conditional(const Model& model) {
  return !model.recipe().model.condition.empty();
}

const std::vector<std::string>& classes_of(const Model& model) {
  return model.recipe().model.condition_classes;
}

LabelledCodes codes_of_all_labels(const Model& model, std::uint64_t seed, std::int64_t first,
                                  std::int64_t count) {
  if (!is_conditional(model)) return {model.prior_codes(count, seed, first), {}};
  const std::int64_t classes = std::ssize(classes_of(model)), style = first / classes;
  const std::int64_t styles = (first + count + classes - 1) / classes - style;
  std::vector<Table> of_label;  // a prior may differ between labels
  for (std::int32_t y = 0; y < classes; ++y) {
    const std::vector<std::int32_t> all(static_cast<std::size_t>(styles), y);
    of_label.push_back(model.prior_codes(styles, seed, style, all));
  }
  LabelledCodes made{{count, model.latent(), {}}, {}};
  for (std::int64_t i = first; i < first + count; ++i) {
    const auto code = of_label[static_cast<std::size_t>(i % classes)].row(i / classes - style);
    made.codes.values.insert(made.codes.values.end(), code.begin(), code.end());
    made.labels.push_back(static_cast<std::int32_t>(i % classes));
  }
  return made;
}

std::int64_t columns_of_labels(const Model& model) {
  constexpr std::size_t kMaxColumns = 32;
  if (!is_conditional(model) || classes_of(model).size() > kMaxColumns) return 0;
  return std::ssize(classes_of(model));
}

std::int64_t shown_samples(const Model& model) {
  constexpr std::int64_t kOfEachLabel = 12, kSamples = 144;
  const std::int64_t columns = columns_of_labels(model);
  return columns > 0 ? kOfEachLabel * columns : kSamples;
}

std::vector<std::string> label_header(const Model& model) {
  return is_conditional(model) ? std::vector<std::string>{"label"} : std::vector<std::string>();
}

std::vector<std::vector<std::string>> label_texts(const Model& model,
                                                  const std::vector<std::int32_t>& labels) {
  std::vector<std::vector<std::string>> texts;
  for (const std::int32_t label : labels)
    texts.push_back({classes_of(model)[static_cast<std::size_t>(label)]});
  return texts;
}

}  // namespace elbo::command
