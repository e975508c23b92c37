// Made examples as NumPy's arrays.

#include <algorithm>
#include <charconv>
#include <span>

#include "base/check.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/stored_zip.h"
#include "reports/made_examples.h"

namespace elbo::command {
namespace {

/// The values' type and shape in an array, and their bytes.
class Values {
 public:
  explicit Values(const MadeForm& form) : form_(form) {
    // Dates and the like are relative to their column's origin, and 32 bits are too few for their numbers.
    wide_ = std::ranges::any_of(form.columns, [](const Column& column) { return column.origin != 0.0; });
  }

  std::string header() const {
    std::vector<std::int64_t> shape = {form_.count, std::ssize(form_.names)};
    const PictureShape& picture = form_.picture;
    if (picture.is_picture()) shape = {form_.count, picture.height, picture.width};
    if (picture.is_picture() && picture.channels > 1) shape.push_back(picture.channels);
    return io::npy_header(form_.bytes ? "|u1" : wide_ ? "<f8" : "<f4", shape);
  }
  std::uint64_t size() const {
    const std::uint64_t each = form_.bytes ? 1 : wide_ ? sizeof(double) : sizeof(float);
    return each * static_cast<std::uint64_t>(form_.count) * form_.names.size();
  }
  std::string bytes_of(const Table& rows) const {
    if (form_.bytes) {
      const auto bytes = to_bytes(rows.values);
      return {bytes.begin(), bytes.end()};
    }
    if (!wide_) return raw<float>(rows.values);
    std::vector<double> numbers(rows.values.begin(), rows.values.end());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] += form_.columns[i % form_.columns.size()].origin;
    return raw<double>(numbers);
  }

 private:
  template <class Number>
  static std::string raw(std::span<const Number> numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
  }

  const MadeForm form_;
  bool wide_ = false;
};

/// Labels and sources, which are written when all are there.
struct Texts {
  std::vector<std::string> labels, sources;

  void append(const Made& made) {
    labels.insert(labels.end(), made.labels.begin(), made.labels.end());
    sources.insert(sources.end(), made.sources.begin(), made.sources.end());
  }
  std::string labels_array(bool as_numbers) const {
    if (!as_numbers) return io::npy_texts(labels);
    std::vector<std::int32_t> numbers;
    for (const std::string& label : labels)
      std::from_chars(label.data(), label.data() + label.size(), numbers.emplace_back());
    return io::npy_integers(numbers);
  }
  std::string sources_array() const { return io::npy_texts(sources); }
};

/// Three files: a .npy holds one array.
class NpyFiles final : public MadeFile {
 public:
  explicit NpyFiles(const MadeForm& form)
      : form_(form),
        values_(form),
        file_(form.file),
        labels_(beside_npy(form.file, "labels")),
        sources_(beside_npy(form.file, "made_from")) {
    file_.write(values_.header());
  }
  void append(const Made& made) override {
    file_.write(values_.bytes_of(made.rows));
    texts_.append(made);
  }
  void commit() override {
    labels_.write(texts_.labels_array(form_.labels_are_numbers));
    sources_.write(texts_.sources_array());
    sources_.commit();
    labels_.commit();
    file_.commit();
  }

 private:
  const MadeForm form_;
  Values values_;
  Texts texts_;
  io::AtomicFile file_, labels_, sources_;
};

class NpzFile final : public MadeFile {
 public:
  explicit NpzFile(const MadeForm& form) : form_(form), values_(form), zip_(form.file) {
    const std::string header = values_.header();
    zip_.begin("x.npy", header.size() + values_.size());
    zip_.write(header);
  }
  void append(const Made& made) override {
    zip_.write(values_.bytes_of(made.rows));
    texts_.append(made);
  }
  void commit() override {
    add("y.npy", texts_.labels_array(form_.labels_are_numbers));
    add("made_from.npy", texts_.sources_array());
    zip_.commit();
  }

 private:
  void add(const char* name, const std::string& bytes) {
    zip_.begin(name, bytes.size());
    zip_.write(bytes);
  }

  const MadeForm form_;
  Values values_;
  Texts texts_;
  io::StoredZip zip_;
};

}  // namespace

std::unique_ptr<MadeFile> make_made_arrays(const MadeForm& form) {
  if (form.kind == MadeKind::npz) return std::make_unique<NpzFile>(form);
  return std::make_unique<NpyFiles>(form);
}

}  // namespace elbo::command
