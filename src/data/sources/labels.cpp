#include "data/sources/labels.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace elbo::data {

std::vector<std::string> number_label_texts(std::span<Part* const> parts) {
  std::vector<std::string> names;
  for (const auto* part : parts)
    names.insert(names.end(), part->label_texts.begin(), part->label_texts.end());
  if (names.empty()) return names;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (auto* part : parts) {
    if (!part->examples.labels.empty()) {
      throw DataError(concat(part->origin, ": its labels are numbers, but those of another split are text.\n",
                             "All splits need labels of one kind."));
    }
    std::vector<std::int32_t> labels;
    for (const auto& text : part->label_texts) {
      const auto found = std::lower_bound(names.begin(), names.end(), text);
      labels.push_back(static_cast<std::int32_t>(found - names.begin()));
    }
    if (!labels.empty()) attach_labels(*part, std::move(labels), part->origin);
  }
  return names;
}

}  // namespace elbo::data
