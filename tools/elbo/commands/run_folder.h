#pragma once
// What a subcommand's RUN and --data stand for.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "commands/command.h"
#include "elbo/elbo.h"

namespace elbo::command {

/// The trained model of a RUN. Throws like Model::load, Device::parse and parse_precision.
Model load_model(const std::filesystem::path& run, const Machine& machine);

/// Where pictures and tables of a RUN go unless --out says otherwise: the run folder, or the one a model file
/// is in.
std::filesystem::path output_folder(const std::filesystem::path& run);

/// The data a recipe names, with the splits it asks for, the same each time. Throws ConfigError if nothing
/// is called so.
Dataset load_data(const Recipe& recipe);

/// A data set's name, or a file's path that means the same in every folder.
std::string found_from_anywhere(const std::string& data);

/// Whether `name_or_path`, or nothing, means the data that the model was trained on.
bool is_own_data(const Model& model, const std::string& name_or_path);

/// The data of `name_or_path` if any, else the one that the model was trained on; with `mask`, if any, as
/// what says which values are missing, else the recipe's for its own data. Of its own data the splits are
/// those of the training, unless `split` is "all": then nothing is held out. Throws DataError if its rows
/// have another number of values than the model takes.
Dataset load_data(const Model& model, const std::string& name_or_path, const std::string& split,
                  const std::string& mask = "");

/// The data a recipe names, in the splits of its own. Throws ConfigError if nothing is called so.
Dataset load_whole(const Recipe& recipe);

/// A data set by name or path, its pictures brought to what the model takes. Throws ConfigError if nothing
/// is called so.
Dataset load_like(const Model& model, const std::string& name_or_path);

/// A split that was asked for: "train", "validation", "test", "all" for every row of data in one piece, in
/// its order, or "" for the first of test, validation and train that is there. `split` becomes the name of
/// the one chosen. Throws DataError if it is empty, ConfigError on another name, and on "all" where data
/// comes in several splits.
const Examples& choose_split(const Dataset& data, std::string& split);

/// Calls `use` with examples [first, first + count), some thousand rows at a time.
void in_chunks(const Examples& examples, std::int64_t first, std::int64_t count,
               const std::function<void(const Table&)>& use);

/// "images" or "examples".
const char* unit_of(PictureShape picture);

}  // namespace elbo::command
