#include "data/sources/mat_file.h"

#include "base/check.h"
#include "base/text.h"

#if defined(ELBO_HAS_MATIO)

#include <matio.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "data/sources/csr.h"
#include "data/sources/gzip.h"
#include "data/sources/hdf5_file.h"
#include "data/sources/mat5_check.h"

namespace elbo::data {
namespace {

constexpr std::string_view kExamples[] = {"x", "data", "features"};
constexpr std::string_view kLabels[] = {"y", "label", "labels"};
constexpr int kMaxRank = 4;

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using Variable = std::unique_ptr<matvar_t, FreeVariable>;

/// The type in memory of full arrays' values; MAT_T_UNKNOWN if they are no numbers.
matio_types type_of(matio_classes kind) {
  switch (kind) {
    case MAT_C_DOUBLE:
      return MAT_T_DOUBLE;
    case MAT_C_SINGLE:
      return MAT_T_SINGLE;
    case MAT_C_INT8:
      return MAT_T_INT8;
    case MAT_C_UINT8:
      return MAT_T_UINT8;
    case MAT_C_INT16:
      return MAT_T_INT16;
    case MAT_C_UINT16:
      return MAT_T_UINT16;
    case MAT_C_INT32:
      return MAT_T_INT32;
    case MAT_C_UINT32:
      return MAT_T_UINT32;
    case MAT_C_INT64:
      return MAT_T_INT64;
    case MAT_C_UINT64:
      return MAT_T_UINT64;
    default:
      return MAT_T_UNKNOWN;
  }
}

template <class T>
std::vector<float> copied(const void* values, std::size_t count) {
  const T* first = static_cast<const T*>(values);
  std::vector<float> floats(count);
  std::transform(first, first + count, floats.begin(), [](T value) { return static_cast<float>(value); });
  return floats;
}

std::vector<float> to_floats(const void* values, matio_types type, std::size_t count,
                             const std::string& origin) {
  switch (type) {
    case MAT_T_DOUBLE:
      return copied<double>(values, count);
    case MAT_T_SINGLE:
      return copied<float>(values, count);
    case MAT_T_INT8:
      return copied<std::int8_t>(values, count);
    case MAT_T_UINT8:
      return copied<std::uint8_t>(values, count);
    case MAT_T_INT16:
      return copied<std::int16_t>(values, count);
    case MAT_T_UINT16:
      return copied<std::uint16_t>(values, count);
    case MAT_T_INT32:
      return copied<std::int32_t>(values, count);
    case MAT_T_UINT32:
      return copied<std::uint32_t>(values, count);
    case MAT_T_INT64:
      return copied<std::int64_t>(values, count);
    case MAT_T_UINT64:
      return copied<std::uint64_t>(values, count);
    default:
      throw DataError(concat(origin, ": holds values of a type that is not supported"));
  }
}

std::vector<std::int64_t> shape_of(const matvar_t& variable) {
  return {variable.dims, variable.dims + variable.rank};
}

bool is_sparse(const matvar_t& variable) {
  return variable.class_type == MAT_C_SPARSE;
}

/// Whether the variable can be examples or labels.
bool is_numeric(const matvar_t& variable) {
  return (is_sparse(variable) || type_of(variable.class_type) != MAT_T_UNKNOWN) && !variable.isComplex &&
         variable.rank >= 2 && variable.dims;
}

bool is_among(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, lower(std::string(name))) != names.end();
}

/// Row-major values of a full array, which MATLAB stores with the first index fastest.
Array read_full(const matvar_t& variable, const std::string& origin) {
  Array array;
  array.shape = shape_of(variable);
  std::size_t count = 1;
  for (const auto extent : array.shape) count *= static_cast<std::size_t>(extent);
  if (count > 0 && !variable.data) throw DataError(concat(origin, ": its values are damaged", kMakeAgain));
  const auto type = type_of(variable.class_type);
  if (type == MAT_T_UINT8 && !variable.isLogical) {
    const auto* first = static_cast<const std::uint8_t*>(variable.data);
    array.bytes = to_c_order(std::vector(first, first + count), array.shape);
  } else {
    array.floats = to_c_order(to_floats(variable.data, type, count, origin), array.shape);
  }
  return array;
}

/// A sparse matrix, which MATLAB stores by compressed columns.
Array read_sparse(const matvar_t& variable, const std::string& origin) {
  const auto* sparse = static_cast<const mat_sparse_t*>(variable.data);
  const auto shape = shape_of(variable);
  if (!sparse || shape.size() != 2 || sparse->njc == 0)
    throw DataError(concat(origin, ": the sparse matrix is damaged", kMakeAgain));
  const auto stored = static_cast<std::size_t>(sparse->jc[sparse->njc - 1]);
  if (stored > static_cast<std::size_t>(sparse->nir) || stored > static_cast<std::size_t>(sparse->ndata))
    throw DataError(concat(origin, ": the sparse matrix is damaged", kMakeAgain));
  const Csr columns{shape[1],
                    shape[0],
                    {sparse->jc, sparse->jc + sparse->njc},
                    {sparse->ir, sparse->ir + stored},
                    to_floats(sparse->data, variable.data_type, stored, origin)};
  return to_array(transpose(columns, origin), origin);
}

/// An open file, whose variables are read when they are asked for.
class MatFile {
 public:
  explicit MatFile(const std::filesystem::path& file) : name_(file.string()) {
    std::error_code error;
    size_ = std::filesystem::file_size(file, error);
    if (error) throw IoError(concat("cannot open ", name_, ": ", error.message()));
    check_mat5(file);
    file_.reset(Mat_Open(name_.c_str(), MAT_ACC_RDONLY));
    if (!file_) throw DataError(concat(name_, ": not a file of MATLAB, or a damaged one", kMakeAgain));
    while (Variable next{Mat_VarReadNextInfo(file_.get())}) {
      if (next->name) variables_.push_back(std::move(next));
    }
  }

  std::string origin(const matvar_t& variable) const {
    return concat(name_, " (", escaped(variable.name), ")");
  }

  /// The variable's numbers, row-major. Throws DataError, OutOfMemoryError.
  Array read(matvar_t& variable) const {
    const std::string from = origin(variable);
    if (!is_numeric(variable) || variable.rank > kMaxRank)
      throw DataError(concat(from, ": is no array of real numbers with two to four dimensions"));
    const auto shape = shape_of(variable);
    // MATLAB stores small whole numbers as bytes, whatever the class. A sparse matrix is checked when it is
    // filled.
    if (!is_sparse(variable)) checked_size(shape, 1, size_ * kLargestExpansion, from);
    if (Mat_VarReadDataAll(file_.get(), &variable) != 0)
      throw DataError(concat(from, ": its values are damaged", kMakeAgain));
    return is_sparse(variable) ? read_sparse(variable, from) : read_full(variable, from);
  }

  /// The variable called `array`, else the one that is the examples. Throws DataError that lists them.
  matvar_t& examples(std::string_view array) const {
    if (!array.empty()) {
      for (const auto& variable : variables_) {
        if (variable->name == array) return *variable;
      }
      fail(concat("no variable in it is named ", shown(array)));
    }
    if (auto* known = first_of(kExamples)) return *known;
    matvar_t* only = nullptr;
    for (const auto& variable : variables_) {
      if (!is_numeric(*variable) || is_among(variable->name, kLabels)) continue;
      if (only) fail("no variable in it is named X or data");
      only = variable.get();
    }
    if (!only) fail("no variable in it holds numbers");
    return *only;
  }

  matvar_t* labels() const { return first_of(kLabels); }

 private:
  /// The first of these names that a numeric variable has in any case; null if none has.
  matvar_t* first_of(std::span<const std::string_view> names) const {
    for (const auto name : names) {
      for (const auto& variable : variables_) {
        if (is_numeric(*variable) && lower(variable->name) == name) return variable.get();
      }
    }
    return nullptr;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    std::string list;
    for (const auto& variable : variables_) {
      list += concat(list.empty() ? "" : ", ", escaped(variable->name), " (",
                     is_numeric(*variable) ? shape_name(shape_of(*variable)) : "no numbers", ")");
    }
    throw DataError(concat(name_, ": ", problem, ".\nIts variables are ", list.empty() ? "none" : list,
                           ".\nName one behind the file's name and a colon in data.name."));
  }

  std::unique_lock<std::mutex> turn_ = hdf5_turn();
  std::string name_;
  std::size_t size_ = 0;
  std::unique_ptr<mat_t, CloseFile> file_;
  std::vector<Variable> variables_;
};

/// Sets the labels if there is one for each example; else returns a note.
std::string read_labels(const MatFile& file, matvar_t& variable, Part& part) {
  Array array = file.read(variable);
  if (array.shape.size() == 2 && array.shape[0] == 1) array.shape = {array.shape[1]};  // a row of labels
  if (array.rows() != part.examples.count)
    return concat("The variable ", escaped(variable.name),
                  " does not have a label for each example: it was not read.");
  attach_labels(part, to_labels(array, file.origin(variable)), file.origin(variable));
  return {};
}

}  // namespace

bool has_matio() noexcept {
  return true;
}

Dataset load_mat(const std::filesystem::path& file_path, std::string name, std::string_view array) {
  const MatFile file(file_path);
  matvar_t& examples = file.examples(array);
  Part part = to_part(file.read(examples), file.origin(examples));
  std::string note;
  if (auto* labels = file.labels(); labels && labels != &examples) note = read_labels(file, *labels, part);
  Dataset dataset = assemble(std::move(name), std::move(part), {}, {});
  if (!note.empty()) dataset.notes.push_back(std::move(note));
  return dataset;
}

}  // namespace elbo::data

#else

namespace elbo::data {

bool has_matio() noexcept {
  return false;
}

Dataset load_mat(const std::filesystem::path& file, std::string, std::string_view) {
  throw DataError(concat(file.string(), ": this elbo was built without libmatio.\n",
                         "Install libmatio-dev and build elbo again."));
}

}  // namespace elbo::data

#endif
