#include "commands/run_argument.h"

#include <algorithm>
#include <vector>

#include "base/array_path.h"
#include "base/nearest.h"
#include "base/text.h"
#include "commands/recipe_argument.h"
#include "base/check.h"

namespace elbo::command {

constexpr const char* kAll = "all";  // every row: no split

Model load_model(const std::filesystem::path& run, const Machine& machine) {
  const Precision precision = parse_precision(machine.precision);
  Model model = Model::load(run, Device::parse(machine.device));
  model.set_precision(precision);
  return model;
}

std::filesystem::path output_folder(const std::filesystem::path& run) {
  return std::filesystem::is_directory(run) ? run : run.parent_path();
}

namespace {

/// Loads data by a recipe, in the form that a trained model knows unless it is null, and reports what was
/// read.
Dataset load_and_tell(const Recipe& recipe, const Model* like, const RecipeLoadOptions& options = {}) {
  Dataset data = load_dataset(recipe, like, options);
  std::vector<std::string> notes;
  const std::string name = recipe.data.name == kStandardInput ? "standard input" : recipe.data.name;
  for (const auto& note : data.notes) notes.push_back(concat(name, ": ", note));
  tell(notes);
  return data;
}

/// Loads data as the recipe's is prepared, but in the splits it has and with another mask, or none.
Dataset load_prepared(Recipe recipe, const std::string& name, const Model* like, const std::string& mask = {},
                      const RecipeLoadOptions& options = {}) {
  recipe.data.name = name;
  recipe.data.mask = mask;
  recipe.data.validation = recipe.data.test = 0.0;
  recipe.data.limit = 0;
  return load_and_tell(recipe, like, options);
}

/// Sets how a table is read.
void set_reading(const std::vector<std::string>& settings, Recipe& recipe, RecipeLoadOptions& reading) {
  std::vector<std::string> known = {"data.label", "data.id", "data.header", "data.decimal"};
  if (!recipe.data.codes_of.empty()) known.push_back("data.codes_of");
  std::vector<std::string> notes;
  for (const std::string& setting : settings) {
    const auto words = data::words(std::string_view(setting).substr(0, setting.find('=')));
    const std::string key(words.empty() ? std::string_view() : words[0]);
    if (std::ranges::find(known, key) == known.end()) {
      throw ConfigError(concat(setting,
                               " would change nothing: a trained model reads data as it was trained; "
                               "data.label, data.id, data.header and data.decimal may differ, and "
                               "data.codes_of where it has one."));
    }
    recipe.set(setting, &notes);
    if (key == "data.label") reading.label = recipe.data.label;
    if (key == "data.id") reading.id = recipe.data.id;
  }
  tell(notes);
}

}  // namespace

Dataset load_data(const Recipe& recipe) {
  return load_and_tell(recipe, nullptr);
}

Dataset load_whole(const Recipe& recipe) {
  return load_prepared(recipe, recipe.data.name, nullptr);
}

Dataset load_like(const Model& model, const std::string& name_or_path) {
  return load_prepared(model.recipe(), name_or_path, &model);
}

std::string found_from_anywhere(const std::string& data_name) {
  if (is_dataset(data_name)) return data_name;
  std::error_code error;
  const auto [file, array] = data::split_array_path(data_name);
  if (!std::filesystem::exists(file, error)) return data_name;
  const auto path = std::filesystem::absolute(file).lexically_normal();
  const std::string whole = (path.has_filename() ? path : path.parent_path()).string();
  return array.empty() ? whole : concat(whole, ":", array);
}

bool is_own_data(const Model& model, const std::string& name_or_path) {
  const std::string& own = model.recipe().data.name;
  if (name_or_path == kStandardInput) return false;  // a new table each time
  if (name_or_path.empty() || name_or_path == own) return true;
  std::error_code is_no_file;
  const auto given = data::split_array_path(name_or_path), trained_on = data::split_array_path(own);
  return given.array == trained_on.array &&
         std::filesystem::equivalent(given.file, trained_on.file, is_no_file);
}

RecipeLoadOptions reading_of(const DataOptions& options, Recipe& recipe) {
  RecipeLoadOptions reading;
  set_reading(options.settings, recipe, reading);
  if (!options.label.empty()) reading.label = options.label;
  reading.label_value = options.normal;
  reading.keep_source = options.keep_source;
  return reading;
}

Dataset load_data(const Model& model, const DataOptions& options) {
  Recipe recipe = model.recipe();
  const std::string own = recipe.data.name;
  if (options.data.empty() && own == kStandardInput) {
    throw DataError("the run was trained on standard input, which is not kept: name data with --data.");
  }
  const bool is_own = is_own_data(model, options.data);
  if (!options.mask.empty()) recipe.data.mask = options.mask;
  if (options.split == kAll) {
    recipe.data.validation = recipe.data.test = 0.0;
    recipe.data.limit = 0;
  }
  const RecipeLoadOptions reading = reading_of(options, recipe);
  auto data = is_own ? load_and_tell(recipe, &model, reading)
                     : load_prepared(recipe, options.data, &model, options.mask, reading);
  if (data.dims() != model.dims()) {
    throw DataError(concat(options.data.empty() ? own : options.data, ": its rows have ", data.dims(),
                           " values; the model was trained on rows of ", model.dims(), " (", own, ")."));
  }
  return data;
}

const Examples& choose_split(const Dataset& data, std::string& split) {
  if (split == kAll) {
    if (data.validation.empty() && data.test.empty()) return data.train;
    throw ConfigError(concat("--split all is for data in one piece, but ", data.name,
                             " comes in splits: name train, validation or test."));
  }
  const struct {
    const char* name;
    const Examples& examples;
  } splits[] = {{"test", data.test}, {"validation", data.validation}, {"train", data.train}};
  for (const auto& candidate : splits) {
    if (split.empty() ? candidate.examples.empty() : split != candidate.name) continue;
    split = candidate.name;
    if (!candidate.examples.empty()) return candidate.examples;
    throw DataError(concat(data.name, ": has no ", split, " split; the recipe's data.", split,
                           " can hold out a fraction of train, and --split takes another."));
  }
  throw ConfigError(concat("--split \"", split, "\" is not known; ",
                           nearest_hint(split, {"train", "validation", "test", kAll})));
}

std::string split_label(const Model& model, const std::string& name_or_path, const Dataset& data,
                        const std::string& split) {
  const bool whole = data.validation.empty() && data.test.empty();
  return split == "train" && whole && !is_own_data(model, name_or_path) ? "new" : split;
}

void in_chunks(const Examples& examples, std::int64_t first, std::int64_t count,
               const std::function<void(const Examples&)>& use) {
  constexpr std::int64_t kRows = 4096;
  for (const auto end = first + count; first < end; first += kRows) {
    use(examples.slice(first, std::min(kRows, end - first)));
  }
}

const char* unit_of(PictureShape picture) {
  return picture.is_picture() ? "images" : "examples";
}

}  // namespace elbo::command
