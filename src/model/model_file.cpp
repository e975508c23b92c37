#include "model/model_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "elbo/version.h"
#include "io/file.h"
#include "model/conditions.h"
#include "model/schema_text.h"
#include "recipe/keys.h"
#include "base/check.h"
#include "base/folder.h"
#include "base/out_of_memory.h"
#include "base/text.h"

namespace elbo {
namespace {

constexpr const char* kFormatKey = "elbo.format";
constexpr const char* kKindKey = "elbo.kind";
constexpr const char* kVersionKey = "elbo.version";
constexpr const char* kRecipeKey = "elbo.recipe";
constexpr const char* kDimsKey = "elbo.dims";
constexpr const char* kPictureKey = "elbo.picture";  // "height width channels"
constexpr const char* kSchemaKey = "elbo.schema";    // of a table alone
constexpr std::int64_t kMaxDims = std::int64_t{1} << 30;
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 20;
constexpr const char* kMeanTensor = "standardize.mean";
constexpr const char* kDeviationTensor = "standardize.deviation";
constexpr const char* kConditionMeanTensor = "condition.mean";
constexpr const char* kConditionDeviationTensor = "condition.deviation";

const char* name_of(FileKind kind) {
  return kind == FileKind::model ? "model" : "checkpoint";
}

/// Parses whole non-negative numbers, separated by blanks. Throws DataError if other text is there, or not
/// `count` numbers.
std::vector<std::int64_t> parse_counts(const io::SafetensorsFile& file, const char* key, std::size_t count) {
  std::vector<std::int64_t> values;
  for (const std::string_view word : data::words(file.text(key))) {
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value < 0) {
      values.clear();
      break;
    }
    values.push_back(value);
  }
  if (values.size() != count) {
    throw DataError(concat(file.path().string(), ": its metadata \"", key, "\" is \"", file.text(key),
                           "\", which cannot be. The file is corrupt."));
  }
  return values;
}

/// The file's format; 1 if it gives none. Throws DataError if this version of elbo does not know the format.
std::int64_t read_format(const io::SafetensorsFile& file) {
  if (!file.metadata().contains(kFormatKey)) return 1;
  const std::int64_t format = parse_counts(file, kFormatKey, 1)[0];
  if (format < 1) {
    throw DataError(concat(file.path().string(), ": its metadata \"", kFormatKey, "\" is ", format,
                           ", but formats are numbered from 1. The file is corrupt."));
  }
  if (format > kFileFormat) {
    throw DataError(concat(file.path().string(), " is of format ", format,
                           ", which a later elbo wrote: this one reads formats up to ", kFileFormat,
                           ". Use the elbo that wrote it, or a later one."));
  }
  return format;
}

/// Turns a description of format 1 into one of format 2.
void upgrade_from_1(ModelDescription& description) {
  description.recipe.model.prior = "normal";  // the only prior of that format, which had no key for it
}

/// The first run in the sub-folders and, with `depth` 1, in theirs; empty if there is none. A folder of
/// several trainings has some.
std::filesystem::path first_run_within(const std::filesystem::path& folder, int depth = 1) {
  std::error_code ignored;
  for (const auto& inside : data::list_folder(folder, ignored)) {
    if (!std::filesystem::is_directory(std::filesystem::symlink_status(inside, ignored))) continue;
    if (std::filesystem::exists(inside / "model.safetensors", ignored)) return inside;
    if (depth == 0) continue;
    if (auto run = first_run_within(inside, depth - 1); !run.empty()) return run;
  }
  return {};
}

/// The model file of a run folder: the best model, or the last one if training stopped before the first epoch
/// ended.
std::filesystem::path model_file_of(const std::filesystem::path& file_or_run) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(file_or_run, ignored)) return file_or_run;
  for (const char* name : {"model.safetensors", "last.safetensors"}) {
    if (std::filesystem::exists(file_or_run / name, ignored)) return file_or_run / name;
  }
  if (const auto inside = first_run_within(file_or_run); !inside.empty()) {
    throw IoError(concat("no model in ", file_or_run.string(), ", but in its sub-folders: name one, as ",
                         inside.string(), "."));
  }
  throw IoError(concat("no model in ", file_or_run.string(),
                       ": it holds no model.safetensors. A training with this folder makes one."));
}

/// Throws DataError if a run's recipe.toml and model file differ in model or data: they are files of two
/// runs.
void check_run_recipe(const std::filesystem::path& run, const std::filesystem::path& file,
                      const Recipe& own) {
  std::error_code ignored;
  const auto path = run / "recipe.toml";
  if (!std::filesystem::is_directory(run, ignored) || !std::filesystem::exists(path, ignored)) return;
  const Recipe said = Recipe::from_toml(io::read_file(path, io::kMaxTextBytes), path.string());
  for (const RecipeKey& key : recipe_keys()) {
    const bool shapes_the_model = key.name.starts_with("model.") || key.name.starts_with("data.");
    if (!shapes_the_model || key.name == "data.name") continue;
    const std::string in_run = key.to_toml(said), in_model = key.to_toml(own);
    if (in_run == in_model) continue;
    throw DataError(concat(path.string(), " says ", key.name, " = ", in_run, ", but ", file.string(),
                           " was trained with ", in_model,
                           ".\nThe files are of two runs: name the model file "
                           "itself, or put the folder right."));
  }
}

void check_no_other_tensors(const io::SafetensorsFile& file, const nn::ParameterLayout& layout) {
  for (const auto& entry : file.tensors()) {
    const std::string& name = entry.first;  // clang with OpenMP captures no structured binding
    const bool known =
        name == kMeanTensor || name == kDeviationTensor || name == kConditionMeanTensor ||
        name == kConditionDeviationTensor ||
        std::ranges::any_of(layout.tensors, [&](const nn::TensorInfo& info) { return info.name == name; });
    if (!known) {
      throw DataError(
          concat(file.path().string(), ", tensor \"", name, "\": its recipe's model has none of that name."));
    }
  }
}

/// Reads a tensor. Throws DataError if a value is not finite.
std::vector<float> finite_floats(const io::SafetensorsFile& file, const std::string& name,
                                 const io::TensorShape& shape) {
  std::vector<float> values = file.floats(name, shape);
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
    throw DataError(
        concat(file.path().string(), ", tensor \"", name,
               "\": it holds NaN or infinite values. The file is corrupt, or its training diverged."));
  }
  return values;
}

}  // namespace

void write_description(io::SafetensorsWriter& writer, FileKind kind, const ModelDescription& description) {
  const PictureShape& picture = description.picture;
  writer.text(kFormatKey, std::to_string(kFileFormat));
  writer.text(kKindKey, name_of(kind));
  writer.text(kVersionKey, version());
  writer.text(kRecipeKey, description.recipe.to_toml());
  writer.text(kDimsKey, std::to_string(description.dims));
  writer.text(kPictureKey, concat(picture.height, " ", picture.width, " ", picture.channels));
  if (!description.schema.empty()) writer.text(kSchemaKey, schema_to_text(description.schema));
}

ModelDescription read_description(const io::SafetensorsFile& file, FileKind kind) {
  const std::string where = file.path().string();
  const std::int64_t format = read_format(file);
  if (file.text(kKindKey) != name_of(kind)) {
    throw DataError(concat(where, " is a ", file.text(kKindKey), ", where a ", name_of(kind), " is needed."));
  }
  ModelDescription description;
  try {
    description.recipe = Recipe::from_toml(file.text(kRecipeKey), concat(where, ", ", kRecipeKey));
  } catch (const ConfigError& error) {
    throw DataError(error.what());
  }
  description.dims = parse_counts(file, kDimsKey, 1)[0];
  if (description.dims < 1 || description.dims > kMaxDims) {
    throw DataError(
        concat(where, ": its metadata says ", description.dims, " values a row, which cannot be."));
  }
  const auto picture = parse_counts(file, kPictureKey, 3);
  description.picture = {picture[0], picture[1], picture[2]};
  const bool sane = std::ranges::all_of(picture, [](std::int64_t extent) { return extent <= kMaxExtent; });
  if (!sane || (picture[0] > 0 && picture[0] * picture[1] * picture[2] != description.dims)) {
    throw DataError(concat(where, ": its metadata \"", kPictureKey, "\" is \"", file.text(kPictureKey),
                           "\", which is not a picture of ", description.dims, " values."));
  }
  if (file.metadata().contains(kSchemaKey)) {
    description.schema = schema_from_text(file.text(kSchemaKey), description.dims,
                                          concat(where, ": its metadata \"", kSchemaKey, '"'));
  }
  if (format == 1) upgrade_from_1(description);
  return description;
}

void write_parameters(io::SafetensorsWriter& writer, const nn::ParameterLayout& layout,
                      const std::vector<float>& arena, const std::string& prefix) {
  for (const nn::TensorInfo& tensor : layout.tensors) {
    const auto values = std::span(arena).subspan(static_cast<std::size_t>(tensor.offset),
                                                 static_cast<std::size_t>(tensor.size()));
    if (tensor.filter.height > 0) {
      writer.tensor(prefix + tensor.name, tensor.shape, to_file_order(tensor, values));
    } else {
      writer.tensor(prefix + tensor.name, tensor.shape, values);
    }
  }
}

std::vector<float> read_parameters(const io::SafetensorsFile& file, const nn::ParameterLayout& layout,
                                   const std::string& prefix) {
  // Checks the shapes before allocating memory of the sizes that the recipe claims.
  for (const nn::TensorInfo& tensor : layout.tensors) file.expect_floats(prefix + tensor.name, tensor.shape);
  std::vector<float> arena(static_cast<std::size_t>(layout.size));
  for (const nn::TensorInfo& tensor : layout.tensors) {
    const auto values = finite_floats(file, prefix + tensor.name, tensor.shape);
    std::ranges::copy(to_memory_order(tensor, values), arena.begin() + tensor.offset);
  }
  return arena;
}

std::vector<float> to_host(Context& context, VectorView<const float> values) {
  std::vector<float> host(static_cast<std::size_t>(values.size));
  context.copy_to_host(host.data(), values.data, sizeof(float) * host.size());
  context.synchronize();
  return host;
}

void save_model(const std::filesystem::path& file, const ModelState& model,
                const std::vector<float>& values) {
  io::SafetensorsWriter writer;
  write_description(writer, FileKind::model,
                    {model.recipe, model.vae->config().dims, model.picture, model.schema});
  write_parameters(writer, model.vae->parameters().layout(), values);
  if (!model.standard_mean.empty()) {
    const io::TensorShape shape = {model.vae->config().dims};
    writer.tensor(kMeanTensor, shape, model.standard_mean);
    writer.tensor(kDeviationTensor, shape, model.standard_deviation);
  }
  if (!model.condition_mean.empty()) {
    const io::TensorShape shape = {std::ssize(model.condition_mean)};
    writer.tensor(kConditionMeanTensor, shape, model.condition_mean);
    writer.tensor(kConditionDeviationTensor, shape, model.condition_deviation);
  }
  writer.write(file);
}

void Model::save(const std::filesystem::path& file) const {
  exclusively(*state_, [&] {
    save_model(file, *state_, to_host(*state_->context, state_->vae->parameters().values()));
  });
}

namespace {

/// The layout of the recipe's model. Throws DataError if its networks cannot be made for such rows.
nn::ParameterLayout layout_of(const io::SafetensorsFile& file, const ModelDescription& description) {
  try {
    return VaeParts(resolve(description.recipe, description.dims, description.picture)).layout;
  } catch (const ConfigError& error) {
    throw DataError(concat(file.path().string(), ", ", kRecipeKey, ": ", error.what()));
  }
}

/// Reads a mean and a deviation for each of `count` values, if the file has them.
void read_scale(const io::SafetensorsFile& file, std::int64_t count, const char* mean_name,
                const char* deviation_name, std::vector<float>& mean, std::vector<float>& deviation) {
  if (!file.has(mean_name) && !file.has(deviation_name)) return;
  mean = finite_floats(file, mean_name, {count});
  deviation = finite_floats(file, deviation_name, {count});
  if (std::ranges::all_of(deviation, [](float value) { return value > 0.0f; })) return;
  throw DataError(concat(file.path().string(), ", tensor \"", deviation_name,
                         "\": a deviation is not above 0. The file is corrupt."));
}

std::unique_ptr<ModelState> load_state(const std::filesystem::path& file_or_run, Device device) {
  const io::SafetensorsFile file(model_file_of(file_or_run));
  const ModelDescription description = read_description(file, FileKind::model);
  check_run_recipe(file_or_run, file.path(), description.recipe);
  const nn::ParameterLayout layout = layout_of(file, description);
  if (const std::string wrong = condition_mismatch(description.recipe.model, description.schema);
      !wrong.empty())
    throw DataError(concat(file.path().string(), ": ", wrong, ". The file is corrupt."));
  check_no_other_tensors(file, layout);
  const std::vector<float> values = read_parameters(file, layout);

  auto state =
      std::make_unique<ModelState>(description.recipe, description.dims, device, description.picture);
  state->schema = description.schema;
  state->fresh = false;
  state->context->copy_to_device(state->vae->parameters().values().data, values.data(),
                                 sizeof(float) * values.size());
  read_scale(file, description.dims, kMeanTensor, kDeviationTensor, state->standard_mean,
             state->standard_deviation);
  const auto conditions = std::ssize(state->vae->config().condition_levels);
  read_scale(file, conditions, kConditionMeanTensor, kConditionDeviationTensor, state->condition_mean,
             state->condition_deviation);
  return state;
}

}  // namespace

Model Model::load(const std::filesystem::path& file_or_run, Device device) {
  return with_memory_errors([&] { return Model(load_state(file_or_run, device)); });
}

}  // namespace elbo
