#pragma once
// How a model stands in a safetensors file: shared by model.safetensors and the checkpoint.

#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/parameters.h"
#include "model/state.h"

namespace elbo {

/// The format of the files that are written, kept in their metadata as "elbo.format". One that is not there
/// is 1: recipes of that know no model.prior. A number is new where an earlier elbo would misread a file.
inline constexpr std::int64_t kFileFormat = 2;

/// What a file holds, kept in its metadata as "elbo.kind".
enum class FileKind { model, checkpoint };

/// The metadata that tells what model the tensors belong to.
struct ModelDescription {
  Recipe recipe;
  std::int64_t dims = 0;
  PictureShape picture;
};

void write_description(io::SafetensorsWriter& writer, FileKind kind, const ModelDescription& description);
/// Reads every format there was. Throws DataError naming the file where it is of another kind or of a later
/// format, or not elbo's.
ModelDescription read_description(const io::SafetensorsFile& file, FileKind kind);

/// The arena's tensors by name, each with `prefix` before its name. `arena` [layout.size] must live until the
/// writer writes.
void write_parameters(io::SafetensorsWriter& writer, const nn::ParameterLayout& layout,
                      const std::vector<float>& arena, const std::string& prefix = "");
/// An arena with the tensors in their places and zeros between. Throws DataError naming the tensor that is
/// missing or of another shape.
std::vector<float> read_parameters(const io::SafetensorsFile& file, const nn::ParameterLayout& layout,
                                   const std::string& prefix = "");

/// A model file with `values` [layout.size] in place of those on the device. Throws IoError.
void save_model(const std::filesystem::path& file, const Model::State& model,
                const std::vector<float>& values);

/// Device memory to the host; waits for the device.
std::vector<float> download(Context& context, VectorView<const float> values);

}  // namespace elbo
