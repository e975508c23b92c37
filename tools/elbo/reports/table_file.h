#pragma once
// Tables written row by row as .npy or .csv, whole or not at all.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "elbo/dataset.h"
#include "io/file.h"

namespace elbo::command {

/// What a file's ending says it holds.
enum class FileKind { npy, csv, png, svg };

/// Throws ConfigError if `file` ends in none of those `allowed`; capitals are fine.
FileKind file_kind(const std::filesystem::path& file, const std::vector<FileKind>& allowed);

/// Writes [rows, columns] float32.
class TableFile {
 public:
  /// `columns` become CSV's header. Throws ConfigError on another ending than .npy and .csv, IoError.
  TableFile(const std::filesystem::path& file, std::int64_t rows, std::vector<std::string> columns);

  /// Throws ShapeError if the width is another, IoError.
  void append(const Table& rows);
  /// Throws ShapeError if more or fewer rows came than were announced, IoError.
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
