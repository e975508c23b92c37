#pragma once
// A model's representation in a safetensors file, shared by model.safetensors and the checkpoint.

#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/parameters.h"
#include "model/state.h"

namespace elbo {

/// The format of written files, kept in their metadata as "elbo.format". A file without it has format 1,
/// whose recipes have no model.prior. The number increases when earlier versions would misread a file.
inline constexpr std::int64_t kFileFormat = 2;

/// The contents of a file, kept in its metadata as "elbo.kind".
enum class FileKind { model, checkpoint };

/// The metadata that describes the tensors' model.
struct ModelDescription {
  Recipe recipe;
  std::int64_t dims = 0;
  PictureShape picture;
  Schema schema = {};
};

void write_description(io::SafetensorsWriter& writer, FileKind kind, const ModelDescription& description);
/// Reads every format so far. Throws DataError naming the file if its kind is another, its format is later,
/// or it is not elbo's.
ModelDescription read_description(const io::SafetensorsFile& file, FileKind kind);

/// Adds the arena's tensors to the writer, each name with `prefix` before it. `arena` [layout.size] must live
/// until the writer writes.
void write_parameters(io::SafetensorsWriter& writer, const nn::ParameterLayout& layout,
                      const std::vector<float>& arena, const std::string& prefix = "");
/// Reads the tensors into an arena, with zeros in the gaps. Throws DataError naming a tensor that is missing
/// or has another shape.
std::vector<float> read_parameters(const io::SafetensorsFile& file, const nn::ParameterLayout& layout,
                                   const std::string& prefix = "");

/// Writes a model file with `values` [layout.size] in place of those on the device. Throws IoError.
void save_model(const std::filesystem::path& file, const ModelState& model, const std::vector<float>& values);

/// Copies device memory to the host; waits for the device.
std::vector<float> to_host(Context& context, VectorView<const float> values);

}  // namespace elbo
