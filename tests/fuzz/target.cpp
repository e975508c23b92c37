#include "fuzz/target.h"

#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/check.h"

namespace elbo::fuzz {
namespace {

namespace fs = std::filesystem;

/// This process's folder, removed when it ends.
class Folder {
 public:
  Folder() {
    std::error_code ignored;
    const fs::path memory = "/dev/shm";
    const fs::path above = fs::is_directory(memory, ignored) ? memory : fs::temp_directory_path();
    std::string name = (above / "elbo-fuzz-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder at " + name);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void check_sparse(const Examples& split) {
  const CsrRows& rows = split.sparse;
  require(rows.rows() == split.count, "there is a sparse row for each example");
  require(rows.starts.front() == 0 && std::ranges::is_sorted(rows.starts), "rows follow one another");
  require(rows.starts.back() == std::ssize(rows.values) && rows.values.size() == rows.columns.size(),
          "each stored value has a column");
  for (std::size_t row = 0; row + 1 < rows.starts.size(); ++row) {
    std::int64_t before = -1;
    for (std::int64_t at = rows.starts[row]; at < rows.starts[row + 1]; ++at) {
      const std::int64_t column = rows.columns[static_cast<std::size_t>(at)];
      require(column > before && column < split.dims, "columns are in order and within the row");
      before = column;
    }
  }
}

void check_split(const Examples& split, const Dataset& data) {
  const int forms = !split.bytes.empty() + !split.floats.empty() + !split.sparse.empty();
  require(forms == (split.empty() ? 0 : 1), "values are bytes, floats or sparse");
  const auto size = static_cast<std::size_t>(split.count * split.dims);
  if (!split.sparse.empty()) {
    check_sparse(split);
  } else {
    require(split.bytes.size() + split.floats.size() == size, "there are count * dims values");
  }
  if (split.empty()) return;
  require(split.dims == data.dims(), "all splits have rows of one size");
  const auto count = static_cast<std::size_t>(split.count);
  require(split.labels.empty() || split.labels.size() == count, "there is a label for each example");
  require(split.ids.empty() || split.ids.size() == count, "there is an id for each example");
  require(split.rows.empty() || split.rows.size() == count, "there is a row for each example");
  for (const std::int32_t label : split.labels) {
    const auto names = static_cast<std::int64_t>(data.label_names.size());
    require(names == 0 || label == kNoLabel || (label >= 0 && label < names), "every label has a name");
  }
}

}  // namespace

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

void require(bool holds, const std::string& property) {
  if (!holds) throw Broken("broken: " + property);
}

InputFile::InputFile(const std::string& name, std::string_view content) {
  static const Folder folder;
  path_ = folder.path() / name;
  std::ofstream file(path_, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path_.string());
}

InputFile::~InputFile() {
  std::error_code ignored;
  fs::remove(path_, ignored);
}

std::string InputFile::content() const {
  std::ifstream file(path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool same(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i]) && !(a[i] != a[i] && b[i] != b[i])) return false;
  }
  return true;
}

void check(const Dataset& data) {
  require(data.dims() > 0 && data.train.count > 0, "there are values to train on");
  for (const Examples* split : {&data.train, &data.validation, &data.test}) check_split(*split, data);
  const PictureShape& picture = data.picture;
  require(!picture.is_picture() || picture.height * picture.width * picture.channels == data.dims(),
          "a row is a picture");
  require(data.columns.empty() || std::ssize(data.columns) == data.dims(), "every value has a name");
}

void check_same(const Dataset& a, const Dataset& b) {
  for (const auto split : {&Dataset::train, &Dataset::validation, &Dataset::test}) {
    require((a.*split).bytes == (b.*split).bytes && same((a.*split).floats, (b.*split).floats),
            "values are the same again");
    require((a.*split).labels == (b.*split).labels, "labels are the same again");
  }
}

}  // namespace elbo::fuzz
