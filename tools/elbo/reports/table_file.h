#pragma once
// Tables written row by row as .npy, .csv or .tsv, either completely or not at all.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "elbo/model.h"
#include "io/file.h"

namespace elbo::command {

/// The kind of a file, by its ending.
enum class FileKind { npy, csv, tsv, png, svg };

/// Throws ConfigError if the ending of `file` is not among `allowed`; case does not matter.
FileKind file_kind(const std::filesystem::path& file, const std::vector<FileKind>& allowed);

/// A text as a field of a table, in quotes where it needs them.
std::string table_field(const std::string& text, char separator = ',');

/// Columns of text before those of numbers, in a text table.
struct LeadingTexts {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;  ///< a text per name in each row
};

/// A value as its column's file has it: the text of a level, a date, a number; a probability of two texts is
/// the likelier one; empty if it is missing.
std::string cell_text(const Column& column, float value);

/// The ids, the labels' names and the conditions of examples, as far as there are any.
LeadingTexts leading_texts(const Examples& examples, const Dataset& data);

/// How rows are counted: the lines of a text file from 1, the rows of other data from 0.
const char* row_word(const Examples& examples);
std::int64_t row_number(const Examples& examples, std::int64_t i);

/// The cells of each row as their file has them. An empty cell leaves the computed value in its place.
using SourceRows = std::span<const std::vector<SourceCell>>;

/// Writes [rows, columns] float32, or float64.
class TableFile {
 public:
  /// `texts` and `columns` become a text table's header; a .npy file has doubles if `doubles`. Throws
  /// ConfigError if the ending is none of .npy, .csv and .tsv, or there are texts for a .npy file; IoError.
  TableFile(const std::filesystem::path& file, std::int64_t rows, std::vector<std::string> columns,
            std::vector<std::string> texts = {}, bool doubles = false);

  /// Writes values of these columns to a text table as the training data's file had them: the texts of
  /// levels, a missing value as an empty cell. A .npy file has the stored values; if some are relative to
  /// their column's origin, that is said.
  void write_as(std::vector<Column> columns);

  /// `texts` has those of each row; empty if there are none. `sources` may be empty, and counts in a
  /// text table and in a file of doubles. Throws ShapeError if a width differs, IoError.
  void append(const Table& rows, std::span<const std::vector<std::string>> texts = {},
              SourceRows sources = {});
  /// Throws ShapeError if the number of rows is not as announced, IoError.
  void commit();

 private:
  void append_numbers(const Table& rows, SourceRows sources);
  std::string field(std::size_t j, float value, const SourceCell* source) const;

  FileKind kind_;
  char separator_;
  bool doubles_;
  std::int64_t rows_;
  std::int64_t columns_;
  std::size_t texts_;
  std::int64_t written_ = 0;
  std::vector<Column> as_;  ///< empty: values are written as numbers
  io::AtomicFile file_;
};

/// The names of a model's values: its table's columns, those of the data, or x0, x1, ….
std::vector<std::string> value_names(const Model& model, const std::vector<std::string>& columns = {});

/// "prefix0", "prefix1", …
std::vector<std::string> numbered(const std::string& prefix, std::int64_t count);

}  // namespace elbo::command
