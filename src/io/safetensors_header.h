#pragma once
// The JSON header of a safetensors file, checked while it is read.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace elbo::io {

using TensorShape = std::vector<std::int64_t>;

/// The key of a header's entry that is not a tensor.
inline constexpr const char* kSafetensorsMetadata = "__metadata__";

struct SafetensorsHeader {
  struct Tensor {
    std::string type;  ///< "F32", "F64", "I64", … as in the file
    TensorShape shape;
    std::size_t begin = 0;  ///< first byte in the data
    std::size_t end = 0;
  };
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;
};

/// Bytes per value of a type; 0 for an unknown one.
std::size_t value_bytes_of(std::string_view type);
/// Computes the bytes of a tensor's values; false if they overflow or a dimension is negative.
bool checked_bytes(const TensorShape& shape, std::size_t value_bytes, std::size_t& bytes);
/// "[64, 784]".
std::string describe(const TensorShape& shape);

/// Reads the header of a file with `data_bytes` bytes of values, in a time and memory that grow with its
/// length alone. Throws DataError, which begins with `where`, if it is not JSON of the format, a key occurs
/// twice, it has too many tensors, a tensor's place does not fit its shape, or the tensors do not cover the
/// data without gap or overlap.
SafetensorsHeader read_safetensors_header(std::string_view text, const std::string& where,
                                          std::size_t data_bytes);

}  // namespace elbo::io
