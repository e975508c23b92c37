#include "data/table/survey_rows.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "elbo/device.h"
#include "data/table/csv_reader.h"

namespace elbo::data {
namespace {

constexpr float kNoNumber = std::numeric_limits<float>::quiet_NaN();

/// Blocks are as long whatever the number of threads, so that what is found depends on the text alone; and
/// longer than the facts of their columns.
constexpr std::size_t kBlockBytes = std::size_t{1} << 20, kBlockBytesOfColumn = 1024;
/// Blocks of a thread that are read before they are put together.
constexpr int kBlocksOfThread = 4;

void add_number(ColumnFacts& facts, double number, std::int64_t row) {
  if (facts.numbers == 0) facts.first = facts.min = facts.max = number;
  ++facts.numbers;
  facts.whole = facts.whole && number == std::floor(number);
  facts.min = std::min(facts.min, number);
  facts.max = std::max(facts.max, number);
  facts.counts_rows = facts.counts_rows && number == facts.first + static_cast<double>(row);
}

void add_text(ColumnFacts& facts, std::string_view cell, std::int64_t line) {
  if (facts.not_a_number.line == 0) facts.not_a_number = {std::string(cell), line};
  if (const auto date = parse_date(cell)) {
    facts.first_date = facts.dates++ == 0 ? *date : std::min(facts.first_date, *date);
    facts.whole_days = facts.whole_days && *date == std::floor(*date);
  }
  if (facts.many_texts) return;
  if (++facts.texts[std::string(cell)] > 1) facts.distinct = false;
  facts.many_texts = facts.texts.size() > ColumnFacts::kMaxLevels;
}

/// The columns' facts, and the cells of columns named like ids.
struct Block {
  Survey survey;
  std::unordered_map<std::size_t, std::unordered_set<std::string>> seen;

  explicit Block(const Survey& head) {
    survey.width = head.width;
    survey.style = head.style;
    survey.columns.resize(head.width);
    for (std::size_t i = 0; i < head.header.size(); ++i)
      if (is_id_name(head.header[i])) seen[i];
  }
};

class Surveyor {
 public:
  Surveyor(Block& block, const CsvReader& reader) : block_(block), reader_(reader) {}

  void add(const std::vector<std::string_view>& fields) {
    Survey& survey = block_.survey;
    if (fields.size() != survey.width) {
      throw DataError(concat(reader_.place(), ": has ", fields.size(),
                             fields.size() == 1 ? " field" : " fields", ", but the first row has ",
                             survey.width));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) add_cell(survey.columns[i], fields[i]);
    for (auto& [i, seen] : block_.seen) {
      ColumnFacts& facts = survey.columns[i];
      if (facts.distinct) facts.distinct = seen.emplace(fields[i]).second;
    }
    survey.lines.push_back(reader_.line());
    ++survey.rows;
  }

 private:
  void add_cell(ColumnFacts& facts, std::string_view cell) {
    Survey& survey = block_.survey;
    survey.numbers.push_back(kNoNumber);
    if (is_missing(cell)) {
      ++facts.missing;
      facts.counts_rows = false;
      return;
    }
    ++facts.present;
    if (const auto number = parse_number(cell, survey.style)) {
      add_number(facts, *number, survey.rows);
      if (std::fabs(*number) <= std::numeric_limits<float>::max())
        survey.numbers.back() = static_cast<float>(*number);
      survey.comma_as_thousands =
          survey.comma_as_thousands || (survey.style == kPoint && cell.find(',') != cell.npos);
    } else {
      facts.counts_rows = false;
      add_text(facts, cell, reader_.line());
    }
  }

  Block& block_;
  const CsvReader& reader_;
};

/// The texts of later rows too.
void add_texts(ColumnFacts& facts, ColumnFacts&& later) {
  for (const auto& [text, count] : later.texts) {
    if (facts.many_texts) break;
    std::int64_t& known = facts.texts[text];
    if (known > 0) facts.distinct = false;
    known += count;
    facts.many_texts = facts.texts.size() > ColumnFacts::kMaxLevels;
  }
  facts.many_texts = facts.many_texts || later.many_texts;
}

/// The facts of `rows` rows and of later ones.
void add_facts(ColumnFacts& facts, std::int64_t rows, ColumnFacts&& later) {
  facts.counts_rows =
      facts.counts_rows && later.counts_rows && later.first == facts.first + static_cast<double>(rows);
  if (later.numbers > 0) {
    const bool none = facts.numbers == 0;
    facts.first = none ? later.first : facts.first;
    facts.min = none ? later.min : std::min(facts.min, later.min);
    facts.max = none ? later.max : std::max(facts.max, later.max);
  }
  if (later.dates > 0)
    facts.first_date = facts.dates == 0 ? later.first_date : std::min(facts.first_date, later.first_date);
  facts.present += later.present;
  facts.missing += later.missing;
  facts.numbers += later.numbers;
  facts.dates += later.dates;
  facts.whole = facts.whole && later.whole;
  facts.whole_days = facts.whole_days && later.whole_days;
  facts.distinct = facts.distinct && later.distinct;
  if (facts.not_a_number.line == 0) facts.not_a_number = std::move(later.not_a_number);
  add_texts(facts, std::move(later));
}

/// Puts a block behind those before it.
void append(Block& all, Block&& block) {
  Survey &to = all.survey, &from = block.survey;
  if (from.rows == 0) return;
  for (std::size_t i = 0; i < to.width; ++i) {
    ColumnFacts& facts = to.columns[i];
    if (to.rows == 0) {
      facts = std::move(from.columns[i]);
    } else {
      add_facts(facts, to.rows, std::move(from.columns[i]));
    }
  }
  for (auto& [i, seen] : block.seen) {
    all.seen[i].merge(seen);
    if (!seen.empty()) to.columns[i].distinct = false;
  }
  to.rows += from.rows;
  to.comma_as_thousands = to.comma_as_thousands || from.comma_as_thousands;
  if (to.lines.empty()) {
    to.numbers = std::move(from.numbers);
    to.lines = std::move(from.lines);
  } else {
    to.numbers.insert(to.numbers.end(), from.numbers.begin(), from.numbers.end());
    to.lines.insert(to.lines.end(), from.lines.begin(), from.lines.end());
  }
}

struct Piece {
  std::string_view text;
  std::int64_t line = 1;  ///< where it begins
};

/// Whether some line ends with '\r' alone.
bool has_lone_return(std::string_view text) {
  for (std::size_t at = text.find('\r'); at != text.npos; at = text.find('\r', at + 1))
    if (!text.substr(at + 1).starts_with('\n')) return true;
  return false;
}

/// The text in pieces of whole rows. With quotes, which may hold ends of lines, it stays whole.
std::vector<Piece> cut(std::string_view text, std::int64_t first_line, std::size_t width) {
  const std::size_t bytes = std::max(kBlockBytes, kBlockBytesOfColumn * width);
  if (text.find('"') != text.npos || has_lone_return(text)) return {{text, first_line}};
  std::vector<Piece> pieces;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > bytes) end = std::min(text.find('\n', bytes - 1), end - 1) + 1;
    pieces.push_back({text.substr(0, end), first_line});
    first_line += std::ranges::count(pieces.back().text, '\n');
    text.remove_prefix(end);
  }
  return pieces;
}

void read_block(const Piece& piece, std::string_view origin, char separator, Block& block) {
  const auto rows = static_cast<std::size_t>(std::ranges::count(piece.text, '\n')) + 1;
  // A cell takes a byte at least, and blank lines have none.
  block.survey.numbers.reserve(std::min(rows * block.survey.width, piece.text.size() + 1));
  CsvReader reader(piece.text, origin, separator, piece.line);
  Surveyor surveyor(block, reader);
  std::vector<std::string_view> fields;
  while (reader.next(fields)) surveyor.add(fields);
}

/// Reads pieces on all threads, and puts them behind what was read before.
void read_blocks(std::span<const Piece> pieces, std::string_view origin, char separator, const Survey& head,
                 Block& all) {
  std::vector<Block> blocks(pieces.size(), Block(head));
  std::vector<std::exception_ptr> failures(pieces.size());
#pragma omp parallel for schedule(dynamic) num_threads(cpu_threads()) if (pieces.size() > 1)
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    try {
      read_block(pieces[i], origin, separator, blocks[i]);
    } catch (...) {
      failures[i] = std::current_exception();
    }
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (failures[i]) std::rethrow_exception(failures[i]);
    append(all, std::move(blocks[i]));
  }
}

}  // namespace

void survey_rows(std::string_view text, std::string_view origin, char separator, std::int64_t first_line,
                 Survey& result) {
  const std::vector<Piece> pieces = cut(text, first_line, result.width);
  const auto at_once = static_cast<std::size_t>(kBlocksOfThread * cpu_threads());
  Block all(result);
  for (std::size_t begin = 0; begin < pieces.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, pieces.size() - begin);
    read_blocks(std::span(pieces).subspan(begin, count), origin, separator, result, all);
  }
  for (ColumnFacts& facts : all.survey.columns)
    facts.counts_rows = facts.counts_rows && (facts.first == 0.0 || facts.first == 1.0);
  result.rows = all.survey.rows;
  result.columns = std::move(all.survey.columns);
  result.numbers = std::move(all.survey.numbers);
  result.lines = std::move(all.survey.lines);
  result.comma_as_thousands = all.survey.comma_as_thousands;
}

}  // namespace elbo::data
