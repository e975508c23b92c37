#include "data/sources/svmlight.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "data/sources/csr.h"
#include "data/sources/gzip.h"
#include "data/sources/text_lines.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

constexpr std::size_t kSniffedBytes = 1 << 16;

/// "index:value"; false if the word is not of this form.
bool split_pair(std::string_view word, std::string_view& index, std::string_view& value) {
  const auto colon = word.find(':');
  if (colon == word.npos) return false;
  index = word.substr(0, colon);
  value = word.substr(colon + 1);
  return true;
}

std::string_view without_comment(std::string_view line) {
  return line.substr(0, line.find('#'));
}

/// Whether the words are a label and pairs of numbers.
bool is_row(const std::vector<std::string_view>& words) {
  return to_number(words[0]) && std::all_of(words.begin() + 1, words.end(), [](std::string_view word) {
           std::string_view index, value;
           return split_pair(word, index, value) && (index == "qid" || to_integer(index)) && to_number(value);
         });
}

class Rows {
 public:
  /// Adds the row of a line's words. Throws DataError.
  void add(const std::vector<std::string_view>& words, const TextLines& lines) {
    const auto label = to_number(words[0]);
    if (!label) {
      throw DataError(concat(lines.place(), ": begins with ", shown(words[0]),
                             ", but a row begins with its label, ", "a number"));
    }
    const std::size_t first = entries_.size();
    for (std::size_t i = 1; i < words.size(); ++i) add_value(words[i], lines.place());
    check_distinct(first, lines.place());
    labels_.push_back(*label);
    lines_.push_back(lines.number());
  }

  Dataset finish(std::string_view origin, std::string name) {
    if (entries_.empty()) throw DataError(concat(origin, ": holds no values"));
    const std::int64_t base = smallest_ == 0 ? 0 : 1;
    for (auto& entry : entries_) entry.col -= base;
    const Csr matrix =
        to_csr(static_cast<std::int64_t>(lines_.size()), largest_ - base + 1, entries_, origin);
    Dataset dataset = from_array(to_array(matrix, origin), std::string(origin), std::move(name));
    dataset.train.from_text = true;
    dataset.train.rows = std::move(lines_);
    set_labels(dataset);
    return dataset;
  }

 private:
  void add_value(std::string_view word, const std::string& place) {
    std::string_view index, value;
    if (!split_pair(word, index, value))
      throw DataError(concat(place, ": ", shown(word), " is not index:value"));
    if (index == "qid" && to_number(value)) return;
    const auto col = to_integer(index);
    if (!col || *col < 0 || *col == std::numeric_limits<std::int64_t>::max())
      throw DataError(concat(place, ": ", shown(word), " has no index that is a whole number from 0 on"));
    smallest_ = std::min(smallest_, *col);
    largest_ = std::max(largest_, *col);
    entries_.push_back({static_cast<std::int64_t>(lines_.size()), *col, require_float(value, place)});
  }

  void check_distinct(std::size_t first, const std::string& place) {
    const auto row = entries_.begin() + static_cast<std::ptrdiff_t>(first);
    std::ranges::sort(row, entries_.end(), {}, &Entry::col);
    const auto same = std::ranges::adjacent_find(row, entries_.end(), {}, &Entry::col);
    if (same != entries_.end()) throw DataError(concat(place, ": has two values with the index ", same->col));
  }

  void set_labels(Dataset& dataset) const {
    for (const double number : labels_) {
      if (const auto label = to_label(number)) {
        dataset.train.labels.push_back(*label);
        continue;
      }
      dataset.train.labels.clear();
      dataset.notes.push_back(
          "The first numbers of the lines are not all whole: they are not read as labels.");
      return;
    }
  }

  std::vector<Entry> entries_;
  std::vector<double> labels_;
  std::vector<std::int64_t> lines_;
  std::int64_t smallest_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t largest_ = 0;
};

}  // namespace

bool looks_like_svmlight(const std::filesystem::path& file) {
  std::string text;
  try {
    text = read_unpacked(file, kSniffedBytes);
  } catch (const DataError&) {
    return false;
  }
  if (text.size() == kSniffedBytes)
    text.resize(text.find_last_of(" \t\n") + 1);  // the last word is not whole
  TextLines lines(text, {});
  std::vector<std::string_view> words;
  bool pairs = false;
  for (std::string_view line; lines.next(line);) {
    split_words(without_comment(line), words);
    if (words.empty()) continue;
    if (!is_row(words)) return false;
    pairs = pairs || words.size() > 1;
  }
  return pairs;
}

Dataset parse_svmlight(std::string_view text, std::string_view origin, std::string name) {
  TextLines lines(text, origin);
  std::vector<std::string_view> words;
  Rows rows;
  for (std::string_view line; lines.next(line);) {
    split_words(without_comment(line), words);
    if (!words.empty()) rows.add(words, lines);
  }
  return rows.finish(origin, std::move(name));
}

Dataset load_svmlight(const std::filesystem::path& file, std::string name) {
  return parse_svmlight(read_unpacked(file), file.string(), std::move(name));
}

}  // namespace elbo::data
