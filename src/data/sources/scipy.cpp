#include "data/sources/scipy.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

bool has(const NpzArchive& archive, std::string_view key) {
  return archive.find(key) != NpzArchive::npos;
}

std::size_t require(const NpzArchive& archive, std::string_view key) {
  const auto array = archive.find(key);
  if (array != NpzArchive::npos) return array;
  throw DataError(
      concat(archive.file(), ": a sparse matrix of this format needs an array ", key, kMakeAgain));
}

std::vector<std::int64_t> integers(const NpzArchive& archive, std::string_view key) {
  const auto array = require(archive, key);
  return parse_npy_integers(archive.read(array), archive.origin(array));
}

std::vector<float> numbers(const NpzArchive& archive) {
  const auto array = require(archive, "data");
  Array values = parse_npy(archive.read(array), archive.origin(array));
  if (values.bytes.empty()) return std::move(values.floats);
  return {values.bytes.begin(), values.bytes.end()};
}

std::string format_of(const NpzArchive& archive) {
  const auto array = require(archive, "format");
  const auto texts = parse_npy_texts(archive.read(array), archive.origin(array));
  return texts.size() == 1 ? texts[0] : "";
}

Csr from_coordinates(const NpzArchive& archive, std::int64_t rows, std::int64_t cols) {
  const auto row = integers(archive, "row"), col = integers(archive, "col");
  const auto values = numbers(archive);
  if (row.size() != values.size() || col.size() != values.size()) {
    throw DataError(concat(archive.file(), ": a sparse matrix has ", values.size(), " values, but ",
                           row.size(), " rows and ", col.size(), " columns of them"));
  }
  std::vector<Entry> entries(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) entries[i] = {row[i], col[i], values[i]};
  return to_csr(rows, cols, entries, archive.file());
}

Csr compressed(const NpzArchive& archive, std::int64_t rows, std::int64_t cols) {
  Csr matrix{rows, cols, integers(archive, "indptr"), integers(archive, "indices"), numbers(archive)};
  check_csr(matrix, archive.file());
  return matrix;
}

}  // namespace

bool holds_sparse_matrix(const NpzArchive& archive) {
  return has(archive, "format") && has(archive, "shape") && has(archive, "data");
}

Csr read_sparse_matrix(const NpzArchive& archive) {
  const std::string format = format_of(archive);
  const auto shape = integers(archive, "shape");
  if (shape.size() != 2) {
    throw DataError(
        concat(archive.file(), ": a sparse matrix has two dimensions, but this one has ", shape.size()));
  }
  if (format == "csr") return compressed(archive, shape[0], shape[1]);
  if (format == "csc") return transpose(compressed(archive, shape[1], shape[0]), archive.file());
  if (format == "coo") return from_coordinates(archive, shape[0], shape[1]);
  throw DataError(concat(archive.file(), ": sparse matrices of format ", shown(format),
                         " are not supported.\nSave it by scipy.sparse.save_npz(file, matrix.tocsr())."));
}

}  // namespace elbo::data
