#include "model/model_file.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "elbo/version.h"
#include "runtime/check.h"

namespace elbo {
namespace {

constexpr const char* kKindKey = "elbo.kind";
constexpr const char* kVersionKey = "elbo.version";
constexpr const char* kRecipeKey = "elbo.recipe";
constexpr const char* kDimsKey = "elbo.dims";
constexpr const char* kPictureKey = "elbo.picture";  // "height width channels"
constexpr std::int64_t kMaxDims = std::int64_t{1} << 30;
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 20;
constexpr const char* kMeanTensor = "standardize.mean";
constexpr const char* kDeviationTensor = "standardize.deviation";

const char* name_of(FileKind kind) {
  return kind == FileKind::model ? "model" : "checkpoint";
}

/// Whole non-negative numbers, separated by blanks. Throws DataError where there are others, or not `count`.
std::vector<std::int64_t> parse_counts(const io::SafetensorsFile& file, const char* key, std::size_t count) {
  std::vector<std::int64_t> values;
  std::istringstream text(file.text(key));
  for (std::string word; text >> word;) {
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

/// The model file of a run folder: the best model, or the last where training stopped before a first epoch
/// ended.
std::filesystem::path model_file_of(const std::filesystem::path& file_or_run) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(file_or_run, ignored)) return file_or_run;
  for (const char* name : {"model.safetensors", "last.safetensors"}) {
    if (std::filesystem::exists(file_or_run / name, ignored)) return file_or_run / name;
  }
  throw IoError(concat("no model in ", file_or_run.string(),
                       ": it holds no model.safetensors. Train one with `elbo train --out ",
                       file_or_run.string(), "`."));
}

void check_no_other_tensors(const io::SafetensorsFile& file, const ParameterLayout& layout) {
  for (const auto& [name, tensor] : file.tensors()) {
    const bool known =
        name == kMeanTensor || name == kDeviationTensor ||
        std::ranges::any_of(layout.tensors, [&](const TensorInfo& info) { return info.name == name; });
    if (!known) {
      throw DataError(
          concat(file.path().string(), ", tensor \"", name, "\": its recipe's model has none of that name."));
    }
  }
}

}  // namespace

void write_description(io::SafetensorsWriter& writer, FileKind kind, const ModelDescription& description) {
  const PictureShape& picture = description.picture;
  writer.text(kKindKey, name_of(kind));
  writer.text(kVersionKey, version());
  writer.text(kRecipeKey, description.recipe.to_toml());
  writer.text(kDimsKey, std::to_string(description.dims));
  writer.text(kPictureKey, concat(picture.height, " ", picture.width, " ", picture.channels));
}

ModelDescription read_description(const io::SafetensorsFile& file, FileKind kind) {
  const std::string where = file.path().string();
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
  return description;
}

void write_parameters(io::SafetensorsWriter& writer, const ParameterLayout& layout,
                      const std::vector<float>& arena, const std::string& prefix) {
  for (const TensorInfo& tensor : layout.tensors) {
    writer.tensor(prefix + tensor.name, tensor.shape,
                  std::span(arena).subspan(static_cast<std::size_t>(tensor.offset),
                                           static_cast<std::size_t>(tensor.size())));
  }
}

std::vector<float> read_parameters(const io::SafetensorsFile& file, const ParameterLayout& layout,
                                   const std::string& prefix) {
  // Before anything of the sizes that the recipe claims is allocated.
  for (const TensorInfo& tensor : layout.tensors) file.expect_floats(prefix + tensor.name, tensor.shape);
  std::vector<float> arena(static_cast<std::size_t>(layout.size));
  for (const TensorInfo& tensor : layout.tensors) {
    std::ranges::copy(file.floats(prefix + tensor.name, tensor.shape), arena.begin() + tensor.offset);
  }
  return arena;
}

std::vector<float> download(Context& context, VectorView<const float> values) {
  std::vector<float> host(static_cast<std::size_t>(values.size));
  context.copy_to_host(host.data(), values.data, sizeof(float) * host.size());
  context.synchronize();
  return host;
}

void save_model(const std::filesystem::path& file, const Model::State& model,
                const std::vector<float>& values) {
  io::SafetensorsWriter writer;
  write_description(writer, FileKind::model, {model.recipe, model.vae->config().dims, model.picture});
  write_parameters(writer, model.vae->parameters().layout(), values);
  if (!model.standard_mean.empty()) {
    const io::TensorShape shape = {model.vae->config().dims};
    writer.tensor(kMeanTensor, shape, model.standard_mean);
    writer.tensor(kDeviationTensor, shape, model.standard_deviation);
  }
  writer.write(file);
}

void Model::save(const std::filesystem::path& file) const {
  save_model(file, state(), download(*state().context, state().vae->parameters().values()));
}

Model Model::load(const std::filesystem::path& file_or_run, Device device) {
  const io::SafetensorsFile file(model_file_of(file_or_run));
  const ModelDescription description = read_description(file, FileKind::model);
  const ParameterLayout layout(resolve(description.recipe.model, description.dims));
  check_no_other_tensors(file, layout);
  const std::vector<float> values = read_parameters(file, layout);

  auto state = std::make_unique<State>(description.recipe, description.dims, device, description.picture);
  state->context->copy_to_device(state->vae->parameters().values().data, values.data(),
                                 sizeof(float) * values.size());
  if (file.has(kMeanTensor) || file.has(kDeviationTensor)) {
    state->standard_mean = file.floats(kMeanTensor, {description.dims});
    state->standard_deviation = file.floats(kDeviationTensor, {description.dims});
  }
  return Model(std::move(state));
}

}  // namespace elbo
