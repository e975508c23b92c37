#include "reports/made_examples.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

class MadeTable final : public MadeFile {
 public:
  explicit MadeTable(const MadeForm& form)
      : table_(form.file, form.count, form.names, {"label", "made_from"}) {
    table_.write_as(form.columns);
  }
  void append(const Made& made) override {
    std::vector<std::vector<std::string>> texts;
    for (std::size_t i = 0; i < made.labels.size(); ++i) texts.push_back({made.labels[i], made.sources[i]});
    table_.append(made.rows, texts);
  }
  void commit() override { table_.commit(); }

 private:
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
