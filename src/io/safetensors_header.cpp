#include "io/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace elbo::io {
namespace {

using Json = nlohmann::json;
using Tensor = SafetensorsHeader::Tensor;

constexpr std::size_t kMaxDepth = 3;          // header, tensor, shape
constexpr std::size_t kMaxTensors = 100'000;  // and other keys of one object
constexpr std::size_t kMaxRank = 64;

/// A tensor's entry as far as it is read.
struct Entry {
  std::optional<std::string> type;
  std::optional<std::vector<std::uint64_t>> shape, offsets;
  bool valid = true;
};

/// Checks an entry against the file. `tensor` begins the messages.
Tensor to_tensor(Entry& entry, const std::string& tensor, std::size_t data_bytes) {
  const auto fits = [](std::uint64_t extent) {
    return extent <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  };
  if (!entry.valid || !entry.type || !entry.shape || !entry.offsets || entry.offsets->size() != 2 ||
      !std::ranges::all_of(*entry.shape, fits)) {
    throw DataError(concat(tensor, ": its header entry lacks a valid dtype, shape or data_offsets."));
  }
  Tensor result;
  result.type = std::move(*entry.type);
  result.shape.assign(entry.shape->begin(), entry.shape->end());
  result.begin = entry.offsets->front();
  result.end = entry.offsets->back();
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

/// Takes the header apart while it is parsed, so that no tree of it is built.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  HeaderReader(const std::string& where, std::size_t data_bytes) : where_(where), data_bytes_(data_bytes) {}

  SafetensorsHeader finish() {
    if (!is_object_) {
      throw DataError(concat(where_, " is not a safetensors file: its header is not a JSON object."));
    }
    return std::move(header_);
  }

  bool null() override { return other_value(); }
  bool boolean(bool) override { return other_value(); }
  bool number_integer(number_integer_t) override { return other_value(); }
  bool number_float(number_float_t, const string_t&) override { return other_value(); }
  bool binary(binary_t&) override { return other_value(); }

  bool number_unsigned(number_unsigned_t value) override {
    if (!list_ || list_->size() == kMaxRank) return other_value();
    list_->push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (in_metadata_ && depth() == 2) {
      header_.metadata[field_] = std::move(value);
    } else if (in_tensor() && field_ == "dtype") {
      entry_.type = std::move(value);
    } else {
      other_value();
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth() == 0) is_object_ = true;
    if (depth() == 1 && is_object_) {
      in_metadata_ = name_ == kSafetensorsMetadata;
      entry_ = {};
    } else if (depth() > 0) {
      other_value();
    }
    enter();
    return true;
  }

  bool key(string_t& key) override {
    if (!keys_.back().insert(key).second) {
      throw DataError(concat(where_, ": \"", key, "\" occurs twice in the header."));
    }
    if (keys_.back().size() > kMaxTensors + 1) {  // the metadata and the tensors
      throw DataError(concat(where_, ": its header has more than ", kMaxTensors, " tensors or keys."));
    }
    if (depth() == 1) name_ = key;
    if (depth() == 2) field_ = key;
    return true;
  }

  bool end_object() override {
    keys_.pop_back();
    if (depth() != 1 || !is_object_) return true;
    if (!in_metadata_) add_tensor();
    in_metadata_ = false;
    return true;
  }

  bool start_array(std::size_t) override {
    if (in_tensor() && field_ == "shape") {
      list_ = &entry_.shape.emplace();
    } else if (in_tensor() && field_ == "data_offsets") {
      list_ = &entry_.offsets.emplace();
    } else if (depth() > 0) {
      other_value();
    }
    enter();
    return true;
  }

  bool end_array() override {
    keys_.pop_back();
    list_ = nullptr;
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    fail_no_json();
  }

 private:
  /// The number of objects and lists that are open.
  std::size_t depth() const { return keys_.size(); }
  /// Whether the next value is a field of a tensor.
  bool in_tensor() const { return is_object_ && !in_metadata_ && depth() == 2; }

  void enter() {
    if (depth() == kMaxDepth) fail_no_json();
    keys_.emplace_back();
  }

  /// Refuses a value of a kind that its place does not allow. Other fields of a tensor may be of any kind.
  bool other_value() {
    if (!is_object_) return true;  // finish() will say so
    if (in_metadata_) {
      throw DataError(concat(where_, ": ", kSafetensorsMetadata, " \"", field_, "\" is not a string."));
    }
    if (depth() == 1 && name_ == kSafetensorsMetadata) {
      throw DataError(concat(where_, ": ", kSafetensorsMetadata, " is not an object of strings."));
    }
    if (depth() == 1) {
      entry_ = {};
      add_tensor();
    }
    if (list_ || field_ == "dtype" || field_ == "shape" || field_ == "data_offsets") entry_.valid = false;
    return true;
  }

  void add_tensor() {
    header_.tensors[name_] = to_tensor(entry_, concat(where_, ", tensor \"", name_, "\""), data_bytes_);
  }

  [[noreturn]] void fail_no_json() const {
    throw DataError(concat(where_, " is not a safetensors file, or corrupt: its header is not JSON",
                           depth() == kMaxDepth ? " of three levels." : "."));
  }

  const std::string& where_;
  std::size_t data_bytes_;
  SafetensorsHeader header_;
  bool is_object_ = false;
  bool in_metadata_ = false;
  std::string name_, field_;  ///< the keys of the entry, and in it
  Entry entry_;
  std::vector<std::uint64_t>* list_ = nullptr;  ///< the list that is open, if it counts
  std::vector<std::set<std::string>> keys_;     ///< of each object that is open; none for a list
};

/// Tensors must follow one another from the data's first byte to its last.
void check_cover(const std::map<std::string, Tensor>& tensors, std::size_t data_bytes,
                 const std::string& where) {
  std::vector<const std::pair<const std::string, Tensor>*> order;
  for (const auto& named : tensors) order.push_back(&named);
  // An empty tensor comes before a full one that begins at the same byte.
  std::ranges::sort(order, {}, [](const auto* named) {
    return std::tie(named->second.begin, named->second.end, named->first);
  });
  std::size_t covered = 0;
  for (const auto* named : order) {
    if (named->second.begin != covered) {
      throw DataError(concat(where, ", tensor \"", named->first, "\": it ",
                             named->second.begin < covered ? "overlaps" : "leaves a gap after",
                             " the one before it. The file is corrupt."));
    }
    covered = named->second.end;
  }
  if (covered != data_bytes) {
    throw DataError(concat(where, ": ", data_bytes - covered,
                           " bytes at its end belong to no tensor. The file is corrupt."));
  }
}

}  // namespace

std::size_t value_bytes_of(std::string_view type) {
  static const std::map<std::string_view, std::size_t> kSizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
      {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},     {"U64", 8},     {"I64", 8}, {"F64", 8}};
  const auto found = kSizes.find(type);
  return found == kSizes.end() ? 0 : found->second;
}

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

std::string describe(const TensorShape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += concat(i ? ", " : "", shape[i]);
  return text + "]";
}

SafetensorsHeader read_safetensors_header(std::string_view text, const std::string& where,
                                          std::size_t data_bytes) {
  HeaderReader reader(where, data_bytes);
  Json::sax_parse(text, &reader);
  SafetensorsHeader header = reader.finish();
  check_cover(header.tensors, data_bytes, where);
  return header;
}

}  // namespace elbo::io
