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

/// The header's dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }.
NpyHeader read_header(std::string_view dictionary, std::string_view origin) {
  Literal text(dictionary, origin);
  NpyHeader header;
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

/// The values' bytes and what they are. `item_bytes` gives the bytes of a value of a type, or throws.
template <class ItemBytes>
std::pair<NpyHeader, std::string_view> read_npy(std::string_view bytes, std::string_view origin,
                                                const ItemBytes& item_bytes) {
  const auto [dictionary, values] = split_npy(bytes, origin);
  NpyHeader header = read_header(dictionary, origin);
  const std::size_t item = item_bytes(header.type);
  const std::size_t count = checked_size(header.shape, item, values.size(), origin);
  if (values.size() != count * item) {
    throw DataError(concat(origin, ": there are bytes after the ", shape_name(header.shape),
                           " values that the header declares", kMakeAgain));
  }
  return {std::move(header), values};
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

template <class T, class To>
std::vector<To> convert(std::string_view bytes, std::size_t count) {
  std::vector<To> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<To>(value);
  }
  return values;
}

using ToFloats = std::vector<float> (*)(std::string_view, std::size_t);
using ToIntegers = std::vector<std::int64_t> (*)(std::string_view, std::size_t);
using ToDoubles = std::vector<double> (*)(std::string_view, std::size_t);

struct Type {
  std::string_view code;  ///< without the byte order
  std::size_t bytes;
  ToFloats floats;      ///< null for bytes, which are not converted
  ToIntegers integers;  ///< null for floats
  ToDoubles doubles;    ///< null for types that a 32-bit float has enough digits for
};

template <class T>
constexpr Type integer(std::string_view code) {
  return {code, sizeof(T), convert<T, float>, convert<T, std::int64_t>,
          sizeof(T) < 4 ? nullptr : convert<T, double>};
}

constexpr Type kTypes[] = {
    {"f2", 2, convert<Half, float>, nullptr, nullptr},
    {"f4", 4, convert<float, float>, nullptr, nullptr},
    {"f8", 8, convert<double, float>, nullptr, convert<double, double>},
    {"u1", 1, nullptr, convert<std::uint8_t, std::int64_t>, nullptr},
    integer<std::uint8_t>("b1"),
    integer<std::int8_t>("i1"),
    integer<std::int16_t>("i2"),
    integer<std::int32_t>("i4"),
    integer<std::int64_t>("i8"),
    integer<std::uint16_t>("u2"),
    integer<std::uint32_t>("u4"),
    integer<std::uint64_t>("u8"),
};

const Type& find_type(const std::string& descr, std::string_view origin) {
  if (descr.size() > 1) {
    for (const auto& type : kTypes) {
      if (descr.substr(1) == type.code) return type;
    }
  }
  if (NpyHeader{descr, false, {}}.holds_objects()) {
    throw DataError(concat(origin, ": values of type ", shown(descr),
                           ", Python objects, are not supported.\n",
                           "Save numbers by array.astype('<f4'), text by array.astype(str)."));
  }
  throw DataError(concat(origin, ": values of type ", shown(descr), " are not supported.\n",
                         "Save them as 32-bit floats: np.save(file, array.astype('<f4'))."));
}

constexpr std::size_t kUnicodeBytes = 4;  // a character of NumPy's Unicode text

/// The bytes of one text of type '<U5' or '|S5'.
std::size_t text_bytes(const std::string& descr, std::string_view origin) {
  std::size_t length = 0;
  const char* last = descr.data() + descr.size();
  const bool text = NpyHeader{descr, false, {}}.holds_text();
  if (!text || std::from_chars(descr.data() + 2, last, length).ptr != last || length == 0) {
    throw DataError(concat(origin, ": needs text, but holds values of type ", shown(descr)));
  }
  if (descr[1] == 'S') return length;
  if (length > std::numeric_limits<std::size_t>::max() / kUnicodeBytes)
    throw DataError(concat(origin, ": the NPY header is damaged", kMakeAgain));
  return length * kUnicodeBytes;
}

void append_utf8(std::string& text, std::uint32_t character) {
  const auto tail = [&](int shift) {
    text.push_back(static_cast<char>(0x80u | (character >> shift & 0x3Fu)));
  };
  if (character < 0x80) {
    text.push_back(static_cast<char>(character));
  } else if (character < 0x800) {
    text.push_back(static_cast<char>(0xC0u | character >> 6));
    tail(0);
  } else if (character < 0x10000) {
    text.push_back(static_cast<char>(0xE0u | character >> 12));
    tail(6), tail(0);
  } else {
    text.push_back(static_cast<char>(0xF0u | character >> 18));
    tail(12), tail(6), tail(0);
  }
}

/// UTF-8 from little-endian UTF-32, without the zeros that fill it up.
std::string to_utf8(std::string_view characters, std::string_view origin) {
  std::string text;
  const auto end = characters.find_last_not_of('\0');
  for (std::size_t at = 0; end != characters.npos && at <= end; at += kUnicodeBytes) {
    std::uint32_t character = 0;
    std::memcpy(&character, characters.data() + at, kUnicodeBytes);
    if (character > 0x10FFFF || (character >= 0xD800 && character < 0xE000))
      throw DataError(concat(origin, ": the text is damaged", kMakeAgain));
    append_utf8(text, character);
  }
  return text;
}

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes, std::string_view origin) {
  return read_header(split_npy(bytes, origin).first, origin);
}

Array parse_npy(std::string_view bytes, std::string_view origin) {
  const Type* type = nullptr;
  auto [header, values] = read_npy(bytes, origin, [&](const std::string& descr) {
    type = &find_type(descr, origin);
    return type->bytes;
  });
  const std::size_t count = values.size() / type->bytes;
  Array array;
  if (type->floats) {
    array.floats = header.type[0] == '>' ? type->floats(swap_bytes(values, type->bytes), count)
                                         : type->floats(values, count);
    if (header.fortran) array.floats = to_c_order(array.floats, header.shape);
  } else {
    array.bytes.assign(values.begin(), values.end());
    if (header.fortran) array.bytes = to_c_order(array.bytes, header.shape);
  }
  array.shape = std::move(header.shape);
  return array;
}

std::vector<std::int64_t> parse_npy_integers(std::string_view bytes, std::string_view origin) {
  const Type* type = nullptr;
  const auto [header, values] = read_npy(bytes, origin, [&](const std::string& descr) {
    type = &find_type(descr, origin);
    if (!type->integers) {
      throw DataError(concat(origin, ": needs integers, but holds values of type ", shown(descr)));
    }
    return type->bytes;
  });
  const std::size_t count = values.size() / type->bytes;
  return header.type[0] == '>' ? type->integers(swap_bytes(values, type->bytes), count)
                               : type->integers(values, count);
}

std::vector<std::string> parse_npy_texts(std::string_view bytes, std::string_view origin) {
  std::size_t item = 0;
  const auto [header, values] = read_npy(bytes, origin, [&](const std::string& descr) {
    item = text_bytes(descr, origin);
    return item;
  });
  const bool unicode = header.type[1] == 'U';
  const std::string swapped = unicode && header.type[0] == '>' ? swap_bytes(values, kUnicodeBytes) : "";
  const std::string_view in_order = swapped.empty() ? values : std::string_view(swapped);
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < in_order.size(); at += item) {
    const std::string_view text = in_order.substr(at, item);
    texts.push_back(unicode ? to_utf8(text, origin)
                            : std::string(text.substr(0, text.find_last_not_of('\0') + 1)));
  }
  return header.fortran && header.shape.size() > 1 ? to_c_order(texts, header.shape) : texts;
}

namespace {

/// Rows of numbers.
class NumberSource : public SourceValues {
 public:
  NumberSource(std::vector<double> values, std::int64_t rows)
      : values_(std::move(values)), width_(values_.size() / static_cast<std::size_t>(rows)) {}

  std::vector<SourceCell> row(std::int64_t number) const override {
    std::vector<SourceCell> cells(width_);
    for (std::size_t j = 0; j < width_; ++j) {
      const double value = values_.at(static_cast<std::size_t>(number) * width_ + j);
      if (!std::isnan(value)) cells[j].number = value;
    }
    return cells;
  }
  bool binary() const override { return true; }

 private:
  std::vector<double> values_;
  std::size_t width_;
};

}  // namespace

std::shared_ptr<const SourceValues> npy_source(const std::filesystem::path& path) {
  const std::string bytes = io::read_file(path), origin = path.string();
  const Type* type = nullptr;
  const auto [header, values] = read_npy(bytes, origin, [&](const std::string& descr) {
    type = &find_type(descr, origin);
    return type->bytes;
  });
  if (!type->doubles || header.rows() == 0 || has_channels_first(header.shape)) return nullptr;
  const std::size_t count = values.size() / type->bytes;
  auto numbers = header.type[0] == '>' ? type->doubles(swap_bytes(values, type->bytes), count)
                                       : type->doubles(values, count);
  if (header.fortran) numbers = to_c_order(numbers, header.shape);
  return std::make_shared<NumberSource>(std::move(numbers), header.rows());
}

Dataset load_npy(const std::filesystem::path& file, std::string name) {
  return from_array(as_examples(parse_npy(io::read_file(file), file.string())), file.string(),
                    std::move(name));
}

}  // namespace elbo::data
