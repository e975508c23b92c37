#include "commands/made_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/array_path.h"
#include "base/check.h"
#include "base/text.h"
#include "reports/report.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

struct MadeEnding {
  std::string_view text;
  MadeKind kind;
};
constexpr MadeEnding kMadeEndings[] = {
    {".csv", MadeKind::csv}, {".tsv", MadeKind::tsv}, {".npy", MadeKind::npy}, {".npz", MadeKind::npz}};

std::optional<MadeKind> kind_by_ending(const std::string& name) {
  const std::string file = data::lower(name);
  for (const MadeEnding& ending : kMadeEndings) {
    if (file.ends_with(ending.text)) return ending.kind;
  }
  return std::nullopt;
}

bool names_folder(const std::string& out) {
  std::error_code no_file;
  return out.ends_with('/') || fs::is_directory(out, no_file);
}

[[noreturn]] void fail_name(const std::string& out) {
  throw ConfigError(concat("\"", out, "\" does not say what to write: its name must end in ",
                           ".csv, .tsv, .npy or .npz, or in / for a folder of pictures."));
}

/// The format of the file that examples were read from.
MadeKind own_kind(const Model& model, const Examples& examples) {
  std::error_code no_file;
  if (model.picture().is_picture() && fs::is_directory(examples.origin, no_file)) return MadeKind::folder;
  const std::string origin = data::lower(examples.origin);
  if (model.schema().empty()) return origin.ends_with(".npy") ? MadeKind::npy : MadeKind::npz;
  return origin.ends_with(".tsv") || origin.ends_with(".tsv.gz") ? MadeKind::tsv : MadeKind::csv;
}

MadeKind asked_kind(const Model& model, const Examples& examples, const std::string& out) {
  const MadeKind own = own_kind(model, examples);
  if (out.empty()) return own;
  if (names_folder(out)) return MadeKind::folder;
  if (const auto kind = kind_by_ending(out)) return *kind;
  if (own == MadeKind::folder && !fs::path(out).has_extension()) return own;
  fail_name(out);
}

std::string default_name(MadeKind kind) {
  for (const MadeEnding& ending : kMadeEndings) {
    if (ending.kind == kind) return concat("augmented", ending.text);
  }
  return "augmented";
}

void refuse_own_file(const MadeForm& form, const std::string& data) {
  std::error_code no_file;
  if (fs::equivalent(form.file, data::split_array_path(data).file, no_file)) {
    throw ConfigError(concat(form.file.string(),
                             " holds the data that examples are made of, and would be replaced; name "
                             "another file."));
  }
}

/// Refuses a folder of pictures for examples that no PNG can hold.
void check_pictures(const MadeForm& form, const Examples& examples) {
  if (!form.picture.is_picture())
    throw ConfigError(concat("\"", form.file.string(),
                             "\" would be a folder of pictures, and these data are none; name a ",
                             form.columns.empty() ? ".npz or .npy" : ".csv, .tsv or .npz", " file."));
  const std::int64_t channels = form.picture.channels;
  if (channels != 1 && channels != 3)
    throw ConfigError(concat("pictures with ", channels, " channels are no PNG; name a .npz or .npy file."));
  const auto is_grey = [](float value) { return std::isnan(value) || (value >= 0.0f && value <= 1.0f); };
  if (!std::ranges::all_of(examples.floats, is_grey)) {
    throw ConfigError(
        concat("\"", form.file.string(),
               "\" would be a folder of PNG files, whose values are from 0 to 1, and these data "
               "have others; name a .npz or .npy file."));
  }
}

/// Whether a reader of picture folders takes it for the split of that name, and so for no label.
bool names_split(const std::string& label) {
  constexpr std::array kSplits = {"train", "training", "validation", "valid", "val", "test", "testing"};
  return std::ranges::find(kSplits, data::lower(label)) != kSplits.end();
}

void check_folder_name(const std::string& label) {
  constexpr std::size_t kMaxName = 255;
  const bool plain = !label.empty() && label[0] != '.' && label.size() <= kMaxName &&
                     label.find('/') == std::string::npos && data::find_control(label) == std::string::npos &&
                     !names_split(label);
  if (plain) return;
  throw ConfigError(concat(
      "the label ", data::shown(label),
      names_split(label) ? " would be read as a split where it names a folder" : " cannot name a folder",
      " of pictures; name a .npz or .npy file."));
}

bool is_whole_number(const std::string& text) {
  std::int32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && std::to_string(number) == text;
}

/// "kind (0 moss, 1 fern)", shortened.
std::string levels_told(const Column& column) {
  std::string levels;
  for (std::size_t i = 0; i < column.levels.size(); ++i)
    levels += concat(i ? ", " : "", i, " ", column.levels[i]);
  return concat(data::escaped(column.name), " (", data::escaped(shortened(levels, 60)), ")");
}

/// The whole numbers, from the first to the last, that a column's values are of; nothing if they have
/// fractions.
std::optional<std::pair<float, float>> whole_numbers(const Column& column) {
  constexpr float kNoEnd = std::numeric_limits<float>::max();
  if (!column.levels.empty()) return {{0.0f, static_cast<float>(column.levels.size() - 1)}};
  switch (column.kind) {
    case ColumnKind::binary:
      return {{0.0f, 1.0f}};
    case ColumnKind::count:
    case ColumnKind::categorical:
      return {{0.0f, kNoEnd}};
    case ColumnKind::date:
      if (column.has_times) return std::nullopt;
      return {{-kNoEnd, kNoEnd}};
    default:
      return std::nullopt;
  }
}

}  // namespace

void check_made_name(const std::string& out) {
  if (out.empty() || names_folder(out) || kind_by_ending(out) || !fs::path(out).has_extension()) return;
  fail_name(out);
}

MadeForm made_form(const Model& model, const Dataset& dataset, const std::string& out, const fs::path& folder,
                   const std::string& data) {
  const Examples& examples = dataset.train;
  MadeForm form;
  form.kind = asked_kind(model, examples, out);
  form.file = out.empty() ? folder / default_name(form.kind) : fs::path(out);
  form.names = value_names(model, dataset.columns);
  form.columns = modelled_columns(model.schema());
  form.picture = model.picture();
  form.bytes = !examples.bytes.empty();
  refuse_own_file(form, data);
  if (form.kind == MadeKind::folder) check_pictures(form, examples);
  return form;
}

void set_labels(MadeForm& form, const std::vector<std::string>& names) {
  form.labels_are_numbers = std::ranges::all_of(names, is_whole_number);
  if (form.kind == MadeKind::folder) std::ranges::for_each(names, check_folder_name);
}

std::vector<std::string> made_notes(const MadeForm& form) {
  if (!needs_labels(form.kind)) return {};
  std::vector<std::string> notes;
  std::string texts;
  for (const Column& column : form.columns) {
    if (!column.levels.empty()) texts += concat(texts.empty() ? "" : ", ", levels_told(column));
  }
  if (!texts.empty()) notes.push_back(concat("texts are numbers in an array: ", texts));
  if (form.kind == MadeKind::folder && !form.bytes)
    notes.push_back("values are rounded to the 256 levels of a PNG");
  return notes;
}

void round_whole_columns(const Model& model, Table& rows) {
  auto columns = modelled_columns(model.schema());
  const std::string& likelihood = model.recipe().model.likelihood;
  const bool counts = likelihood == "poisson" || likelihood == "negative-binomial";
  if (columns.empty() && counts) {
    Column count;
    count.kind = ColumnKind::count;
    columns.assign(static_cast<std::size_t>(rows.cols), count);
  }
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto numbers = whole_numbers(columns[j]);
    if (!numbers) continue;
    for (std::size_t i = j; i < rows.values.size(); i += columns.size())
      rows.values[i] = std::clamp(std::round(rows.values[i]), numbers->first, numbers->second);
  }
}

}  // namespace elbo::command
