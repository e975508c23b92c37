#pragma once
// Tables written row by row as .npy or .csv, either completely or not at all.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "elbo/dataset.h"
#include "io/file.h"

namespace elbo::command {

/// The kind of a file, by its ending.
enum class FileKind { npy, csv, png, svg };

/// Throws ConfigError if the ending of `file` is not among `allowed`; case does not matter.
FileKind file_kind(const std::filesystem::path& file, const std::vector<FileKind>& allowed);

/// Writes [rows, columns] float32.
class TableFile {
 public:
  /// `columns` become the CSV's header. Throws ConfigError if the ending is neither .npy nor .csv, IoError.
  TableFile(const std::filesystem::path& file, std::int64_t rows, std::vector<std::string> columns);

  /// Throws ShapeError if the width differs, IoError.
  void append(const Table& rows);
  /// Throws ShapeError if the number of rows is not as announced, IoError.
  void commit();

 private:
  FileKind kind_;
  std::int64_t rows_;
  std::int64_t columns_;
  std::int64_t written_ = 0;
  io::AtomicFile file_;
};

/// "prefix0", "prefix1", …
std::vector<std::string> numbered(const std::string& prefix, std::int64_t count);

}  // namespace elbo::command
