#pragma once
// The safetensors format (github.com/huggingface/safetensors): eight bytes with the header's length,
// little-endian; a JSON header with the type, shape and place of every tensor; then the values, row-major,
// little-endian.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors_header.h"

namespace elbo::io {

/// Collects tensors and text, then writes them as one file. The same calls give the same bytes.
class SafetensorsWriter {
 public:
  /// Text under `key` in "__metadata__".
  void text(const std::string& key, std::string value) { metadata_[key] = std::move(value); }
  /// A tensor; `values` must live until write(). Throws ShapeError if its size does not match the shape, or
  /// the name is already in use.
  void tensor(const std::string& name, TensorShape shape, std::span<const float> values);
  void tensor(const std::string& name, TensorShape shape, std::span<const double> values);
  void tensor(const std::string& name, TensorShape shape, std::span<const std::int64_t> values);
  /// The same, but the writer keeps the values itself.
  void tensor(const std::string& name, TensorShape shape, std::vector<float>&& values);

  /// Writes through AtomicFile: an older file stays until the new one is complete. Throws IoError.
  void write(const std::filesystem::path& file) const;

 private:
  struct Entry {
    std::string name;
    const char* type;
    TensorShape shape;
    std::span<const std::byte> bytes;
  };
  void add(const std::string& name, const char* type, TensorShape shape, std::span<const std::byte> bytes,
           std::size_t value_bytes);

  std::map<std::string, std::string> metadata_;
  std::vector<Entry> entries_;
  std::vector<std::vector<float>> kept_;
};

/// A file read whole and checked whole: the header parses, every tensor's size matches its type and shape,
/// and the tensors cover the data without gap or overlap.
class SafetensorsFile {
 public:
  using Tensor = SafetensorsHeader::Tensor;

  /// Throws IoError if the file cannot be read, DataError naming the file and the tensor if it is malformed.
  explicit SafetensorsFile(const std::filesystem::path& file);

  const std::filesystem::path& path() const noexcept { return path_; }
  const std::map<std::string, std::string>& metadata() const noexcept { return header_.metadata; }
  const std::map<std::string, Tensor>& tensors() const noexcept { return header_.tensors; }
  bool has(const std::string& name) const { return tensors().contains(name); }

  /// Text of "__metadata__". Throws DataError if the key is absent.
  const std::string& text(const std::string& key) const;
  /// Shape of a tensor. Throws DataError if the tensor is absent.
  const TensorShape& shape(const std::string& name) const;
  /// Throws DataError unless the tensor is present, with floats in this shape.
  void expect_floats(const std::string& name, const TensorShape& shape) const { find(name, "F32", shape); }
  /// Values of a tensor. Throws DataError if it is absent or has another type or shape.
  std::vector<float> floats(const std::string& name, const TensorShape& shape) const;
  std::vector<double> doubles(const std::string& name, const TensorShape& shape) const;
  std::vector<std::int64_t> integers(const std::string& name, const TensorShape& shape) const;

 private:
  const Tensor& find(const std::string& name) const;
  const Tensor& find(const std::string& name, const char* type, const TensorShape& shape) const;
  template <class T>
  std::vector<T> read(const std::string& name, const char* type, const TensorShape& shape) const;

  std::filesystem::path path_;
  std::string bytes_;
  std::size_t data_begin_ = 0;
  SafetensorsHeader header_;
};

}  // namespace elbo::io
