#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "io/file.h"
#include "io/json.h"
#include "base/check.h"

namespace elbo::io {
namespace {

static_assert(std::endian::native == std::endian::little, "values are stored as in memory");
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 25'000'000;  // parsed within a second

std::string metadata_entry(const std::map<std::string, std::string>& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    text += concat(text.empty() ? "" : ",", json_string(key), ":", json_string(value));
  }
  return concat(json_string(kSafetensorsMetadata), ":{", text, "}");
}

std::string tensor_entry(const std::string& name, const char* type, const TensorShape& shape,
                         std::size_t begin, std::size_t bytes) {
  std::string extents;
  for (const std::int64_t extent : shape) extents += concat(extents.empty() ? "" : ",", extent);
  return concat(json_string(name), ":{\"dtype\":", json_string(type), ",\"shape\":[", extents,
                "],\"data_offsets\":[", begin, ",", begin + bytes, "]}");
}

}  // namespace

void SafetensorsWriter::add(const std::string& name, const char* type, TensorShape shape,
                            std::span<const std::byte> bytes, std::size_t value_bytes) {
  std::size_t expected = 0;
  const bool sound = checked_bytes(shape, value_bytes, expected);
  ELBO_CHECK(sound && expected == bytes.size(), ShapeError, "tensor \"", name, "\" ", describe(shape),
             " was given ", bytes.size() / value_bytes, " values");
  const bool is_new = name != kSafetensorsMetadata &&
                      std::ranges::none_of(entries_, [&](const Entry& e) { return e.name == name; });
  ELBO_CHECK(is_new, ShapeError, "tensor \"", name, "\" cannot be added twice");
  entries_.push_back({name, type, std::move(shape), bytes});
}

void SafetensorsWriter::tensor(const std::string& name, TensorShape shape, std::span<const float> values) {
  add(name, "F32", std::move(shape), std::as_bytes(values), sizeof(float));
}
void SafetensorsWriter::tensor(const std::string& name, TensorShape shape, std::span<const double> values) {
  add(name, "F64", std::move(shape), std::as_bytes(values), sizeof(double));
}
void SafetensorsWriter::tensor(const std::string& name, TensorShape shape,
                               std::span<const std::int64_t> values) {
  add(name, "I64", std::move(shape), std::as_bytes(values), sizeof(std::int64_t));
}

void SafetensorsWriter::tensor(const std::string& name, TensorShape shape, std::vector<float>&& values) {
  kept_.push_back(std::move(values));
  tensor(name, std::move(shape), std::span<const float>(kept_.back()));
}

void SafetensorsWriter::write(const std::filesystem::path& file) const {
  // Wider types first, so that every tensor is aligned to its type wherever the data is.
  std::vector<const Entry*> order;
  for (const Entry& entry : entries_) order.push_back(&entry);
  std::ranges::stable_sort(order, std::greater<>(),
                           [](const Entry* entry) { return value_bytes_of(entry->type); });

  std::string text;
  if (!metadata_.empty()) text = metadata_entry(metadata_);
  std::size_t offset = 0;
  for (const Entry* entry : order) {
    if (!text.empty()) text += ',';
    text += tensor_entry(entry->name, entry->type, entry->shape, offset, entry->bytes.size());
    offset += entry->bytes.size();
  }
  text = "{" + text + "}";
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');

  const std::uint64_t length = text.size();
  AtomicFile out(file);
  out.write(&length, sizeof length);
  out.write(text);
  for (const Entry* entry : order) out.write(entry->bytes.data(), entry->bytes.size());
  out.commit();
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file) : path_(file), bytes_(read_file(file)) {
  const std::string where = file.string();
  if (bytes_.size() < kLengthBytes) {
    throw DataError(concat(where, " is not a safetensors file: it has only ", bytes_.size(), " bytes."));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes_.data(), kLengthBytes);
  if (length > kMaxHeaderBytes)
    throw DataError(
        concat(where, " is not a safetensors file: it does not begin with a header's length, of at most ",
               kMaxHeaderBytes, " bytes."));
  if (length > bytes_.size() - kLengthBytes) {
    throw DataError(concat(where, " is not a safetensors file, or truncated: its header should have ", length,
                           " bytes, the file has ", bytes_.size(), "."));
  }
  data_begin_ = kLengthBytes + static_cast<std::size_t>(length);
  const std::size_t data_bytes = bytes_.size() - data_begin_;
  header_ = read_safetensors_header(std::string_view(bytes_).substr(kLengthBytes, length), where, data_bytes);
}

const std::string& SafetensorsFile::text(const std::string& key) const {
  const auto found = metadata().find(key);
  if (found == metadata().end()) {
    throw DataError(concat(path_.string(), ": its ", kSafetensorsMetadata, " has no \"", key,
                           "\"; elbo did not write this file."));
  }
  return found->second;
}

const SafetensorsFile::Tensor& SafetensorsFile::find(const std::string& name) const {
  const auto found = tensors().find(name);
  if (found == tensors().end()) throw DataError(concat(path_.string(), " has no tensor \"", name, "\"."));
  return found->second;
}

const TensorShape& SafetensorsFile::shape(const std::string& name) const {
  return find(name).shape;
}

const SafetensorsFile::Tensor& SafetensorsFile::find(const std::string& name, const char* type,
                                                     const TensorShape& shape) const {
  const Tensor& tensor = find(name);
  if (tensor.type != type || tensor.shape != shape) {
    throw DataError(concat(path_.string(), ", tensor \"", name, "\": it is ", tensor.type, " ",
                           describe(tensor.shape), ", where ", type, " ", describe(shape), " is needed."));
  }
  return tensor;
}

template <class T>
std::vector<T> SafetensorsFile::read(const std::string& name, const char* type,
                                     const TensorShape& shape) const {
  const Tensor& tensor = find(name, type, shape);
  const std::size_t bytes = tensor.end - tensor.begin;
  std::vector<T> values(bytes / sizeof(T));
  if (bytes > 0) std::memcpy(values.data(), bytes_.data() + data_begin_ + tensor.begin, bytes);
  return values;
}

std::vector<float> SafetensorsFile::floats(const std::string& name, const TensorShape& shape) const {
  return read<float>(name, "F32", shape);
}
std::vector<double> SafetensorsFile::doubles(const std::string& name, const TensorShape& shape) const {
  return read<double>(name, "F64", shape);
}
std::vector<std::int64_t> SafetensorsFile::integers(const std::string& name, const TensorShape& shape) const {
  return read<std::int64_t>(name, "I64", shape);
}

}  // namespace elbo::io
