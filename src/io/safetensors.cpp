#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "io/file.h"
#include "base/check.h"

namespace elbo::io {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "values are stored as in memory");
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit
constexpr const char* kMetadata = "__metadata__";

/// Bytes per value of a type; 0 for an unknown one.
std::size_t value_bytes_of(const std::string& type) {
  static const std::map<std::string, std::size_t> kSizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
      {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},     {"U64", 8},     {"I64", 8}, {"F64", 8}};
  const auto found = kSizes.find(type);
  return found == kSizes.end() ? 0 : found->second;
}

/// Computes the bytes of a tensor's values; false if they overflow or a dimension is negative.
bool checked_bytes(const TensorShape& shape, std::size_t value_bytes, std::size_t& bytes) {
  bytes = value_bytes;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return false;
    const auto factor = static_cast<std::size_t>(extent);
    if (factor != 0 && bytes > std::numeric_limits<std::size_t>::max() / factor) return false;
    bytes *= factor;
  }
  return true;
}

/// Parses the header and refuses a key that occurs twice (the JSON parser would silently keep the last).
Json parse_header(std::string_view header, const std::string& where) {
  std::vector<std::set<std::string>> keys;
  const auto reject_duplicates = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      throw DataError(concat(where, ": \"", parsed.get<std::string>(), "\" occurs twice in the header."));
    }
    return true;
  };
  Json json;
  try {
    json = Json::parse(header, reject_duplicates);
  } catch (const Json::exception&) {
    throw DataError(concat(where, " is not a safetensors file, or corrupt: its header is not JSON."));
  }
  if (!json.is_object()) {
    throw DataError(concat(where, " is not a safetensors file: its header is not a JSON object."));
  }
  return json;
}

std::map<std::string, std::string> parse_metadata(const Json& json, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) throw DataError(concat(where, ": ", kMetadata, " is not an object of strings."));
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string())
      throw DataError(concat(where, ": ", kMetadata, " \"", key, "\" is not a string."));
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

SafetensorsFile::Tensor parse_tensor(const Json& json, const std::string& tensor, std::size_t data_bytes) {
  const auto is_count = [](const Json& value) { return value.is_number_unsigned(); };
  const auto fits = [](const Json& value) {
    return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  };
  const bool complete = json.is_object() && json.contains("dtype") && json["dtype"].is_string() &&
                        json.contains("shape") && json["shape"].is_array() && json.contains("data_offsets") &&
                        json["data_offsets"].is_array() && json["data_offsets"].size() == 2;
  if (!complete || !std::ranges::all_of(json["shape"], is_count) ||
      !std::ranges::all_of(json["data_offsets"], is_count) || !std::ranges::all_of(json["shape"], fits)) {
    throw DataError(concat(tensor, ": its header entry lacks a valid dtype, shape or data_offsets."));
  }
  SafetensorsFile::Tensor result;
  result.type = json["dtype"].get<std::string>();
  result.shape = json["shape"].get<TensorShape>();
  result.begin = json["data_offsets"][0].get<std::size_t>();
  result.end = json["data_offsets"][1].get<std::size_t>();
  if (result.begin > result.end || result.end > data_bytes) {
    throw DataError(concat(tensor, ": it should be at bytes ", result.begin, " to ", result.end,
                           ", but the file has ", data_bytes,
                           " bytes of values. The file is truncated or corrupt."));
  }
  const std::size_t value_bytes = value_bytes_of(result.type);
  if (value_bytes == 0) throw DataError(concat(tensor, ": its type \"", result.type, "\" is not known."));
  std::size_t bytes = 0;
  if (!checked_bytes(result.shape, value_bytes, bytes) || bytes != result.end - result.begin) {
    throw DataError(concat(tensor, ": ", result.type, " ", describe(result.shape), " does not fit its ",
                           result.end - result.begin, " bytes."));
  }
  return result;
}

/// Tensors must follow one another from the data's first byte to its last.
void check_cover(const std::map<std::string, SafetensorsFile::Tensor>& tensors, std::size_t data_bytes,
                 const std::string& where) {
  std::vector<std::pair<std::size_t, const std::string*>> order;
  for (const auto& [name, tensor] : tensors) order.emplace_back(tensor.begin, &name);
  // An empty tensor comes before a full one that begins at the same byte.
  std::ranges::sort(order, {}, [&](const auto& entry) {
    return std::tuple(entry.first, tensors.at(*entry.second).end, *entry.second);
  });
  std::size_t covered = 0;
  for (const auto& [begin, name] : order) {
    if (begin != covered) {
      throw DataError(concat(where, ", tensor \"", *name, "\": it ",
                             begin < covered ? "overlaps" : "leaves a gap after",
                             " the one before it. The file is corrupt."));
    }
    covered = tensors.at(*name).end;
  }
  if (covered != data_bytes) {
    throw DataError(concat(where, ": ", data_bytes - covered,
                           " bytes at its end belong to no tensor. The file is corrupt."));
  }
}

}  // namespace

std::string describe(const TensorShape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += concat(i ? ", " : "", shape[i]);
  return text + "]";
}

void SafetensorsWriter::add(const std::string& name, const char* type, TensorShape shape,
                            std::span<const std::byte> bytes, std::size_t value_bytes) {
  std::size_t expected = 0;
  const bool sound = checked_bytes(shape, value_bytes, expected);
  ELBO_CHECK(sound && expected == bytes.size(), ShapeError, "tensor \"", name, "\" ", describe(shape),
             " was given ", bytes.size() / value_bytes, " values");
  const bool is_new =
      name != kMetadata && std::ranges::none_of(entries_, [&](const Entry& e) { return e.name == name; });
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

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata_.empty()) header[kMetadata] = metadata_;
  std::size_t offset = 0;
  for (const Entry* entry : order) {
    header[entry->name] = {{"dtype", entry->type},
                           {"shape", entry->shape},
                           {"data_offsets", {offset, offset + entry->bytes.size()}}};
    offset += entry->bytes.size();
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
    throw DataError(concat(where, " is not a safetensors file: it does not begin with a header's length."));
  if (length > bytes_.size() - kLengthBytes) {
    throw DataError(concat(where, " is not a safetensors file, or truncated: its header should have ", length,
                           " bytes, the file has ", bytes_.size(), "."));
  }
  data_begin_ = kLengthBytes + static_cast<std::size_t>(length);
  const std::size_t data_bytes = bytes_.size() - data_begin_;
  const Json header = parse_header(std::string_view(bytes_).substr(kLengthBytes, length), where);
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata) {
      metadata_ = parse_metadata(value, where);
    } else {
      tensors_[name] = parse_tensor(value, concat(where, ", tensor \"", name, "\""), data_bytes);
    }
  }
  check_cover(tensors_, data_bytes, where);
}

const std::string& SafetensorsFile::text(const std::string& key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) {
    throw DataError(
        concat(path_.string(), ": its ", kMetadata, " has no \"", key, "\"; elbo did not write this file."));
  }
  return found->second;
}

const SafetensorsFile::Tensor& SafetensorsFile::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw DataError(concat(path_.string(), " has no tensor \"", name, "\"."));
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
