#pragma once
// Resolves a subcommand's RUN and --data.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "commands/command.h"
#include "elbo/elbo.h"

namespace elbo::command {

/// The name of data on standard input.
inline constexpr const char* kStandardInput = "-";

/// The trained model of a RUN. Throws like Model::load, Device::parse and parse_precision.
Model load_model(const std::filesystem::path& run, const Machine& machine);

/// The default folder for a RUN's pictures and tables: the run folder, or the model file's folder.
std::filesystem::path output_folder(const std::filesystem::path& run);

/// The recipe's data with the recipe's splits, the same each time. Throws ConfigError if the name is unknown.
Dataset load_data(const Recipe& recipe);

/// A data set's name, or a file's absolute path, with the array that was named after it.
std::string found_from_anywhere(const std::string& data_name);

/// Whether `name_or_path` (or an empty one) denotes the data that the model was trained on.
bool is_own_data(const Model& model, const std::string& name_or_path);

/// How options have a table read, and set so in the recipe. Throws ConfigError for a setting that does not
/// say how.
RecipeLoadOptions reading_of(const DataOptions& options, Recipe& recipe);

/// The data of options.data, or the model's training data if that is empty. Missing values are given by
/// options.mask if any, else by the recipe's mask for its own data. The model's own data has the training's
/// splits, unless options.split is "all", when nothing is held out. Throws DataError if the rows' width is
/// not the model's; ConfigError for a setting that does not say how a table is read.
Dataset load_data(const Model& model, const DataOptions& options);

/// The recipe's data with the data's own splits. Throws ConfigError if the name is unknown.
Dataset load_whole(const Recipe& recipe);

/// A data set by name or path, its pictures resized to the model's. Throws ConfigError if the name is
/// unknown.
Dataset load_like(const Model& model, const std::string& name_or_path);

/// The requested split: "train", "validation", "test", "all" for every row in order of data without splits,
/// or "" for the first of test, validation and train that exists. Sets `split` to the chosen name. Throws
/// DataError if the split is empty, ConfigError on another name, and on "all" if data comes in several
/// splits.
const Examples& choose_split(const Dataset& data, std::string& split);

/// The split's name in reports: "new" for data in one piece that the model was not trained on.
std::string split_label(const Model& model, const std::string& name_or_path, const Dataset& data,
                        const std::string& split);

/// Calls `use` with examples [first, first + count), some thousand at a time.
void in_chunks(const Examples& examples, std::int64_t first, std::int64_t count,
               const std::function<void(const Examples&)>& use);

/// "images" or "examples".
const char* unit_of(PictureShape picture);

}  // namespace elbo::command
