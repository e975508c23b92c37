#include "data/sources/h5ad.h"

#include <algorithm>
#include <utility>

#include "data/sources/csr.h"
#include "data/sources/hdf5_file.h"
#include "data/sources/labels.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

constexpr std::string_view kLabelColumns[] = {"label",    "labels",  "class",  "cell_type",
                                              "celltype", "louvain", "leiden", "bulk_labels"};

/// "X, layers/counts, obsm/X_pca".
std::string listed_matrices(const Hdf5File& file) {
  std::string list = file.is_dataset("X") || file.is_group("X") ? "X" : "";
  const auto add = [&](const std::string& path) { list += (list.empty() ? "" : ", ") + escaped(path); };
  if (file.is_group("raw")) add("raw/X");
  for (const char* group : {"layers", "obsm"}) {
    for (const auto& name : file.children(group)) add(concat(group, "/", name));
  }
  return list.empty() ? "none" : list;
}

[[noreturn]] void fail_matrix(const Hdf5File& file, const std::string& path) {
  throw DataError(concat(file.origin(path), ": there is no such matrix.\nThe file's matrices are ",
                         listed_matrices(file),
                         ".\nName one behind the file's name and a colon in data.name."));
}

/// "csr" or "csc"; empty if the group is no sparse matrix.
std::string sparse_format(const Hdf5File& file, const std::string& path) {
  const std::string format = file.text_attribute(path, "h5sparse_format");  // before AnnData 0.7
  if (!format.empty()) return format;
  const std::string encoding = file.text_attribute(path, "encoding-type");
  if (encoding == "csr_matrix") return "csr";
  return encoding == "csc_matrix" ? "csc" : "";
}

Csr read_sparse(const Hdf5File& file, const std::string& path) {
  const std::string format = sparse_format(file, path), origin = file.origin(path);
  if (format != "csr" && format != "csc") fail_matrix(file, path);
  auto shape = file.integer_attribute(path, "shape");
  if (shape.empty()) shape = file.integer_attribute(path, "h5sparse_shape");
  if (shape.size() != 2)
    throw DataError(concat(origin, ": the sparse matrix does not say its two sizes", kMakeAgain));
  const bool by_column = format == "csc";
  Csr matrix{shape[by_column ? 1 : 0], shape[by_column ? 0 : 1], file.integers(path + "/indptr"),
             file.integers(path + "/indices"), file.numbers(path + "/data").floats};
  if (by_column) return transpose(matrix, origin);
  return matrix;
}

Array read_matrix(const Hdf5File& file, const std::string& path) {
  if (file.is_dataset(path)) return as_examples(file.numbers(path));
  if (!file.is_group(path)) fail_matrix(file, path);
  return to_array(read_sparse(file, path), file.origin(path));
}

/// The names of a table's rows; none if they are not stored, or not one for each of `count` rows.
std::vector<std::string> read_index(const Hdf5File& file, const std::string& table, std::int64_t count) {
  std::string name = file.text_attribute(table, "_index");
  if (name.empty()) name = file.is_dataset(table + "/_index") ? "_index" : "index";
  const std::string path = concat(table, "/", name);
  if (!file.is_text(path)) return {};
  auto names = file.texts(path);
  if (static_cast<std::int64_t>(names.size()) != count) names.clear();
  return names;
}

/// The table that names the matrix's columns; empty if none does.
std::string columns_table(const std::string& matrix) {
  if (matrix == "X" || matrix.starts_with("layers/")) return "var";
  return matrix == "raw/X" ? "raw/var" : "";
}

/// A column's categories as text.
std::vector<std::string> read_categories(const Hdf5File& file, const std::string& path) {
  if (file.is_text(path)) return file.texts(path);
  std::vector<std::string> names;
  for (const auto number : file.integers(path)) names.push_back(std::to_string(number));
  return names;
}

/// Sets the labels from the codes of categories, which are their names; without, the codes are the labels.
/// False, and nothing changes, if a row has no category or a number is no label.
bool set_codes(const std::vector<std::int64_t>& codes, std::vector<std::string> names, Part& part,
               std::vector<std::string>& label_names, const std::string& origin) {
  std::vector<std::int32_t> labels;
  for (const auto code : codes) {
    const auto label = to_label(static_cast<double>(code));
    if (!label || (!names.empty() && code == -1)) return false;
    if (!names.empty() && (code < 0 || code >= static_cast<std::int64_t>(names.size()))) {
      throw DataError(
          concat(origin, ": has the code ", code, " for ", names.size(), " categories", kMakeAgain));
    }
    labels.push_back(*label);
  }
  attach_labels(part, std::move(labels), origin);
  label_names = std::move(names);
  return true;
}

/// Reads a column of obs as labels, in any of AnnData's encodings; false if it cannot be them.
bool read_label_column(const Hdf5File& file, const std::string& column, Part& part,
                       std::vector<std::string>& label_names) {
  const std::string path = "obs/" + column, origin = file.origin(path);
  if (file.is_group(path)) {
    if (!file.is_dataset(path + "/codes") || !file.is_dataset(path + "/categories")) return false;
    return set_codes(file.integers(path + "/codes"), read_categories(file, path + "/categories"), part,
                     label_names, origin);
  }
  if (file.is_text(path)) {
    part.label_texts = file.texts(path);
    Part* const parts[] = {&part};
    label_names = number_label_texts(parts);
    return true;
  }
  const std::string categories = "obs/__categories/" + column;  // before AnnData 0.8
  auto names = file.is_dataset(categories) ? read_categories(file, categories) : std::vector<std::string>();
  const Array numbers = file.numbers(path);
  std::vector<std::int64_t> codes;
  for (const float number : numbers.floats) {
    const auto code = to_label(number);
    if (!code) return false;
    codes.push_back(*code);
  }
  return set_codes(codes, std::move(names), part, label_names, origin);
}

/// Takes the labels if one column of obs has a label's name. Returns a note of what was taken or not.
std::string read_labels(const Hdf5File& file, Part& part, std::vector<std::string>& label_names) {
  std::vector<std::string> found;
  for (const auto& column : file.children("obs")) {
    if (std::ranges::find(kLabelColumns, lower(column)) != std::end(kLabelColumns)) found.push_back(column);
  }
  if (found.empty()) return {};
  if (found.size() > 1) {
    std::string list;
    for (const auto& column : found) list += (list.empty() ? "" : ", ") + escaped(column);
    return concat("Several columns of obs could be labels, so none is: ", list, ".");
  }
  if (read_label_column(file, found[0], part, label_names))
    return concat("The labels are the column ", escaped(found[0]), " of obs.");
  return concat("The column ", escaped(found[0]), " of obs does not label every row: it was not read.");
}

}  // namespace

Dataset load_h5ad(const std::filesystem::path& file_path, std::string name, std::string_view array) {
  const Hdf5File file(file_path);
  const std::string path(array.empty() ? "X" : array);
  Part part = to_part(read_matrix(file, path), file.origin(path));
  part.examples.ids = read_index(file, "obs", part.examples.count);
  const std::string table = columns_table(path);
  auto columns = table.empty() ? std::vector<std::string>() : read_index(file, table, part.examples.dims);
  std::vector<std::string> label_names;
  std::string note = read_labels(file, part, label_names);
  Dataset dataset = assemble(std::move(name), std::move(part), {}, {});
  dataset.columns = std::move(columns);
  dataset.label_names = std::move(label_names);
  if (!note.empty()) dataset.notes.push_back(std::move(note));
  return dataset;
}

}  // namespace elbo::data
