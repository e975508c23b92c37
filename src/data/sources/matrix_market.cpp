#include "data/sources/matrix_market.h"

#include <algorithm>
#include <utility>

#include "data/sources/csr.h"
#include "data/sources/gzip.h"
#include "data/sources/text_lines.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

constexpr std::string_view kBanner = "%%matrixmarket";
constexpr std::size_t kEntryBytes = 4;  // of the shortest one, "1 1" and the end of its line
constexpr std::size_t kValueBytes = 2;  // of the shortest one, "1" and the end of its line

/// What the first line says.
struct Kind {
  bool sparse = true;
  bool pattern = false;
  bool symmetric = false;
};

class MatrixReader {
 public:
  MatrixReader(std::string_view text, std::string_view origin) : lines_(text, origin), origin_(origin) {}

  Array read() {
    read_banner();
    read_sizes();
    return kind_.sparse ? read_coordinates() : read_array();
  }

 private:
  void read_banner() {
    std::string_view line;
    if (lines_.next(line)) split_words(line, words_);
    if (words_.size() != 5 || lower(std::string(words_[0])) != kBanner ||
        lower(std::string(words_[1])) != "matrix") {
      throw DataError(concat(origin_, ": does not begin with a line such as\n",
                             "%%MatrixMarket matrix coordinate real general"));
    }
    kind_.sparse = choose(words_[2], "coordinate", "array");
    const std::string field = lower(std::string(words_[3]));
    kind_.pattern = field == "pattern";
    if (field != "real" && field != "integer" && !(kind_.pattern && kind_.sparse)) {
      throw DataError(
          concat(lines_.place(), ": values of kind ", shown(words_[3]),
                 " are not supported; real and integer ones are, and the pattern of a sparse matrix"));
    }
    kind_.symmetric = choose(words_[4], "symmetric", "general");
  }

  /// Whether the word is `yes`. Throws unless it is one of the two.
  bool choose(std::string_view word, std::string_view yes, std::string_view no) const {
    const std::string given = lower(std::string(word));
    if (given == yes || given == no) return given == yes;
    throw DataError(
        concat(lines_.place(), ": ", shown(word), " is not supported; ", no, " and ", yes, " are"));
  }

  void read_sizes() {
    if (!next_words()) throw DataError(concat(origin_, ": ends before the matrix's sizes", kMakeAgain));
    if (words_.size() != (kind_.sparse ? 3u : 2u)) {
      throw DataError(concat(lines_.place(), ": needs the number of rows and columns",
                             kind_.sparse ? " and of values" : "", ", and nothing else"));
    }
    rows_ = whole_number(0);
    cols_ = whole_number(1);
    if (kind_.sparse) stored_ = whole_number(2);
    if (rows_ == 0 || cols_ == 0) throw DataError(concat(lines_.place(), ": the matrix holds no values"));
    if (kind_.symmetric && rows_ != cols_)
      throw DataError(concat(lines_.place(), ": a symmetric matrix has as many columns as rows"));
  }

  std::int64_t whole_number(std::size_t word) const {
    const auto number = to_integer(words_[word]);
    if (number && *number >= 0) return *number;
    throw DataError(concat(lines_.place(), ": ", shown(words_[word]), " is not a whole number from 0 on"));
  }

  /// The next line's words, without blank lines and comments; false at the end.
  bool next_words() {
    for (std::string_view line; lines_.next(line);) {
      if (line.starts_with('%')) continue;
      split_words(line, words_);
      if (!words_.empty()) return true;
    }
    return false;
  }

  void next_values(std::size_t number, std::int64_t done, std::int64_t all) {
    if (!next_words()) {
      throw DataError(
          concat(origin_, ": ends after ", done, " of the ", all, " values that it declares", kMakeAgain));
    }
    if (words_.size() == number) return;
    throw DataError(concat(lines_.place(), ": has ", words_.size(),
                           words_.size() == 1 ? " number" : " numbers", ", but needs ", number));
  }

  void check_end() {
    if (next_words()) throw DataError(concat(lines_.place(), ": has more values than the file declares"));
  }

  std::int64_t place_in(std::size_t word, std::int64_t size) const {
    const std::int64_t place = whole_number(word);
    if (place >= 1 && place <= size) return place - 1;
    throw DataError(concat(lines_.place(), ": the ", word == 0 ? "row " : "column ", place,
                           " is outside the matrix, which has ", size, " (counted from 1)"));
  }

  Array read_coordinates() {
    const std::int64_t shape[] = {stored_};
    std::vector<Entry> entries;
    entries.reserve(checked_size(shape, kEntryBytes, lines_.left() + 1, origin_) * (kind_.symmetric ? 2 : 1));
    for (std::int64_t i = 0; i < stored_; ++i) {
      next_values(kind_.pattern ? 2 : 3, i, stored_);
      const Entry entry{place_in(0, rows_), place_in(1, cols_),
                        kind_.pattern ? 1.0f : require_float(words_[2], lines_.place())};
      entries.push_back(entry);
      if (kind_.symmetric && entry.row != entry.col) entries.push_back({entry.col, entry.row, entry.value});
    }
    check_end();
    return to_array(to_csr(rows_, cols_, entries, origin_), origin_);
  }

  /// Values column by column; of a symmetric matrix the lower triangle alone.
  Array read_array() {
    const std::int64_t shape[] = {kind_.symmetric ? rows_ / 2 + rows_ % 2 : rows_, cols_};
    checked_size(shape, kValueBytes, lines_.left() + 1, origin_);
    Array array{{rows_, cols_}, {}, std::vector<float>(static_cast<std::size_t>(rows_ * cols_))};
    const auto at = [&](std::int64_t row, std::int64_t col) -> float& {
      return array.floats[static_cast<std::size_t>(row * cols_ + col)];
    };
    const std::int64_t all = kind_.symmetric ? rows_ * rows_ / 2 + rows_ % 2 : rows_ * cols_;
    std::int64_t done = 0;
    for (std::int64_t col = 0; col < cols_; ++col) {
      for (std::int64_t row = kind_.symmetric ? col : 0; row < rows_; ++row) {
        next_values(1, done++, all);
        at(row, col) = require_float(words_[0], lines_.place());
        if (kind_.symmetric) at(col, row) = at(row, col);
      }
    }
    check_end();
    return array;
  }

  TextLines lines_;
  std::string_view origin_;
  std::vector<std::string_view> words_;
  Kind kind_;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
  std::int64_t stored_ = 0;
};

}  // namespace

Dataset parse_matrix_market(std::string_view text, std::string_view origin, std::string name) {
  return from_array(MatrixReader(text, origin).read(), std::string(origin), std::move(name));
}

Dataset load_matrix_market(const std::filesystem::path& file, std::string name) {
  return parse_matrix_market(read_unpacked(file), file.string(), std::move(name));
}

}  // namespace elbo::data
