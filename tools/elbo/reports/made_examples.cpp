#include "reports/made_examples.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

/// The columns of text before the values.
std::vector<std::string> leading_names(const MadeForm& form) {
  std::vector<std::string> names;
  if (form.labelled) names.push_back("label");
  names.insert(names.end(), form.conditions.begin(), form.conditions.end());
  names.push_back("made_from");
  return names;
}

class MadeTable final : public MadeFile {
 public:
  explicit MadeTable(const MadeForm& form)
      : labelled_(form.labelled), table_(form.file, form.count, form.names, leading_names(form)) {
    table_.write_as(form.columns);
  }
  void append(const Made& made) override {
    std::vector<std::vector<std::string>> texts;
    for (std::size_t i = 0; i < made.sources.size(); ++i) {
      std::vector<std::string>& row = texts.emplace_back();
      if (labelled_) row.push_back(made.labels[i]);
      if (!made.conditions.empty())
        row.insert(row.end(), made.conditions[i].begin(), made.conditions[i].end());
      row.push_back(made.sources[i]);
    }
    table_.append(made.rows, texts);
  }
  void commit() override { table_.commit(); }

 private:
  bool labelled_;
  TableFile table_;
};

}  // namespace

std::unique_ptr<MadeFile> make_made_file(const MadeForm& form) {
  if (form.kind == MadeKind::folder) return make_made_pictures(form);
  if (form.kind == MadeKind::npy || form.kind == MadeKind::npz) return make_made_arrays(form);
  return std::make_unique<MadeTable>(form);
}

std::filesystem::path beside_npy(const std::filesystem::path& file, const char* what) {
  return file.parent_path() / concat(file.stem().string(), ".", what, ".npy");
}

std::string beside_of(const MadeForm& form) {
  switch (form.kind) {
    case MadeKind::npy:
      return concat(beside_npy(form.file, "labels").string(), ", ",
                    beside_npy(form.file, "made_from").string(),
                    ": their labels, and what each was made from");
    case MadeKind::npz:
      return "its arrays are x, the labels y, and made_from, what each was made from";
    case MadeKind::folder:
      return concat((form.file / kManifest).string(), ": each file's label, and what it was made from");
    default:
      return {};
  }
}

std::vector<std::uint8_t> to_bytes(const std::vector<float>& values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size());
  for (const float value : values)
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(value, 0.0f, 1.0f))));
  return bytes;
}

}  // namespace elbo::command
