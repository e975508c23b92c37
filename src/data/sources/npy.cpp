#include "data/sources/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.h"
#include "io/file.h"
#include "base/check.h"

namespace elbo::data {
namespace {

static_assert(std::endian::native == std::endian::little, "values are read as in the file");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxRank = 32;  // NumPy's own limit

/// The header's dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }.
struct Header {
  std::string type;
  bool fortran = false;
  std::vector<std::int64_t> shape;
};

/// A cursor over the dictionary's text, which is a Python literal.
class Literal {
 public:
  Literal(std::string_view text, std::string_view origin) : rest_(text), origin_(origin) {}

  bool take(std::string_view token) {
    skip_spaces();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail();
  }
  std::string quoted() {
    skip_spaces();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) fail();
    const auto end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) fail();
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::int64_t integer() {
    skip_spaces();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) fail();
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    take("L");  // Python 2's suffix of long integers
    return value;
  }
  [[noreturn]] void fail() const {
    throw DataError(concat(origin_, ": the NPY header is damaged", kMakeAgain));
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::string_view origin_;
};

std::vector<std::int64_t> read_shape(Literal& text) {
  std::vector<std::int64_t> shape;
  text.expect("(");
  while (!text.take(")")) {
    shape.push_back(text.integer());
    if (shape.size() > kMaxRank) text.fail();
    if (!text.take(",")) {
      text.expect(")");
      break;
    }
  }
  return shape;
}

Header read_header(std::string_view dictionary, std::string_view origin) {
  Literal text(dictionary, origin);
  Header header;
  int seen = 0;
  text.expect("{");
  while (!text.take("}")) {
    const std::string key = text.quoted();
    text.expect(":");
    if (key == "descr") {
      if (text.take("["))
        throw DataError(concat(origin, ": structured arrays are not supported; save one plain array"));
      header.type = text.quoted();
    } else if (key == "fortran_order") {
      header.fortran = text.take("True");
      if (!header.fortran) text.expect("False");
    } else if (key == "shape") {
      header.shape = read_shape(text);
    } else {
      text.fail();
    }
    ++seen;
    if (!text.take(",")) {
      text.expect("}");
      break;
    }
  }
  if (seen != 3) text.fail();
  return header;
}

/// Splits a .npy into its dictionary and its values.
std::pair<std::string_view, std::string_view> split_npy(std::string_view bytes, std::string_view origin) {
  if (!bytes.starts_with(kMagic)) {
    throw DataError(concat(origin, bytes.empty() ? ": the file is empty" : ": not an NPY file", kMakeAgain));
  }
  bytes.remove_prefix(kMagic.size());
  if (bytes.size() < 2) throw DataError(concat(origin, ": the file ends inside its header", kMakeAgain));
  const int major = static_cast<unsigned char>(bytes[0]);
  if (major < 1 || major > 3) throw DataError(concat(origin, ": NPY version ", major, " is unknown"));
  const std::size_t width = major == 1 ? 2 : 4;
  std::uint32_t length = 0;
  if (bytes.size() >= 2 + width) std::memcpy(&length, bytes.data() + 2, width);
  if (bytes.size() < 2 + width || bytes.size() - 2 - width < length) {
    throw DataError(concat(origin, ": the file ends inside its header", kMakeAgain));
  }
  return {bytes.substr(2 + width, length), bytes.substr(2 + width + length)};
}

/// An IEEE 754 16-bit float.
struct Half {
  std::uint16_t bits;

  explicit operator float() const {
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    float size = std::numeric_limits<float>::infinity();
    if (exponent == 31 && fraction != 0) size = std::numeric_limits<float>::quiet_NaN();
    if (exponent == 0) size = std::ldexp(static_cast<float>(fraction), -24);
    if (exponent > 0 && exponent < 31) size = std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    return bits >> 15 ? -size : size;
  }
};

/// The values with the bytes of each in reverse order.
std::string swap_bytes(std::string_view bytes, std::size_t item) {
  std::string swapped(bytes);
  for (auto at = swapped.begin(); at != swapped.end(); at += static_cast<std::ptrdiff_t>(item))
    std::reverse(at, at + static_cast<std::ptrdiff_t>(item));
  return swapped;
}

template <class T>
std::vector<float> read_floats(std::string_view bytes, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(value);
  }
  return values;
}

struct Type {
  std::string_view code;  ///< without the byte order
  std::size_t bytes;
  std::vector<float> (*read)(std::string_view, std::size_t);  ///< null for bytes, which are not converted
};

constexpr Type kTypes[] = {
    {"f2", 2, read_floats<Half>},          {"f4", 4, read_floats<float>},
    {"f8", 8, read_floats<double>},        {"u1", 1, nullptr},
    {"b1", 1, read_floats<std::uint8_t>},  {"i1", 1, read_floats<std::int8_t>},
    {"i2", 2, read_floats<std::int16_t>},  {"i4", 4, read_floats<std::int32_t>},
    {"i8", 8, read_floats<std::int64_t>},  {"u2", 2, read_floats<std::uint16_t>},
    {"u4", 4, read_floats<std::uint32_t>}, {"u8", 8, read_floats<std::uint64_t>},
};

const Type& find_type(const std::string& descr, std::string_view origin) {
  if (descr.size() > 1) {
    for (const auto& type : kTypes) {
      if (descr.substr(1) == type.code) return type;
    }
  }
  throw DataError(concat(origin, ": values of type ", shown(descr), " are not supported.\n",
                         "Save them as 32-bit floats: np.save(file, array.astype('<f4'))."));
}

/// Converts from Fortran order, in which the first index runs fastest, to C order.
template <class T>
std::vector<T> to_c_order(const std::vector<T>& from, std::span<const std::int64_t> shape) {
  std::vector<T> to(from.size());
  if (to.empty()) return to;  // the other extents may be of any size
  std::vector<std::int64_t> index(shape.size(), 0), stride(shape.size(), 1);
  for (std::size_t d = 1; d < shape.size(); ++d) stride[d] = stride[d - 1] * shape[d - 1];
  std::int64_t source = 0;
  for (auto& value : to) {
    value = from[static_cast<std::size_t>(source)];
    for (std::size_t d = shape.size(); d-- > 0;) {
      source += stride[d];
      if (++index[d] < shape[d]) break;
      source -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return to;
}

}  // namespace

Array parse_npy(std::string_view bytes, std::string_view origin) {
  const auto [dictionary, values] = split_npy(bytes, origin);
  Header header = read_header(dictionary, origin);
  const Type& type = find_type(header.type, origin);
  const std::size_t count = checked_size(header.shape, type.bytes, values.size(), origin);
  if (values.size() != count * type.bytes) {
    throw DataError(concat(origin, ": there are bytes after the ", shape_name(header.shape),
                           " values that the header declares", kMakeAgain));
  }
  Array array;
  if (type.read) {
    array.floats =
        header.type[0] == '>' ? type.read(swap_bytes(values, type.bytes), count) : type.read(values, count);
    if (header.fortran) array.floats = to_c_order(array.floats, header.shape);
  } else {
    array.bytes.assign(values.begin(), values.end());
    if (header.fortran) array.bytes = to_c_order(array.bytes, header.shape);
  }
  array.shape = std::move(header.shape);
  return array;
}

Dataset load_npy(const std::filesystem::path& file, std::string name) {
  return from_array(as_examples(parse_npy(io::read_file(file), file.string())), file.string(),
                    std::move(name));
}

}  // namespace elbo::data
