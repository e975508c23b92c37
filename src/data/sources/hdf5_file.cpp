#include "data/sources/hdf5_file.h"

#include "base/check.h"
#include "base/text.h"

#if defined(ELBO_HAS_HDF5)

#include <hdf5.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "data/sources/gzip.h"
#include "data/sources/lzf.h"

namespace elbo::data {
namespace {

constexpr std::size_t kTextsAtOnce = 1024;
constexpr std::size_t kMaxAttributeBytes = 1 << 20;

constexpr H5Z_filter_t kLzf = 32000;  // as registered with the HDF Group
constexpr std::size_t kMaxChunk = std::size_t{1} << 32;

/// The filter that unpacks LZF: replaces the buffer by an unpacked one and returns its size, or returns 0.
std::size_t filter_lzf(unsigned flags, std::size_t values, const unsigned* value, std::size_t packed_bytes,
                       std::size_t* buffer_bytes, void** buffer) {
  if (!(flags & H5Z_FLAG_REVERSE) || values < 3) return 0;
  const std::size_t bytes = value[2];  // of the chunk
  if (bytes == 0 || bytes > kMaxChunk || bytes / kLargestExpansion > packed_bytes) return 0;
  auto* unpacked = static_cast<std::uint8_t*>(H5allocate_memory(bytes, false));
  if (!unpacked) return 0;
  const auto done = unpack_lzf({static_cast<const std::uint8_t*>(*buffer), packed_bytes}, {unpacked, bytes});
  if (done == 0) {
    H5free_memory(unpacked);
    return 0;
  }
  H5free_memory(*buffer);
  *buffer = unpacked;
  *buffer_bytes = bytes;
  return done;
}

void register_lzf() {
  if (H5Zfilter_avail(kLzf) > 0) return;
  const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, kLzf, 0, 1, "lzf", nullptr, nullptr, filter_lzf};
  H5Zregister(&filter);
}

/// An object of libhdf5, closed at the end of its scope.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: an id is what libhdf5 takes
  bool is_open() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// Whether every part of the path is there, in this file.
bool is_present(hid_t file, const std::string& path) {
  for (std::size_t end = 0; end != path.npos;) {
    end = path.find('/', end == 0 ? 0 : end + 1);
    const std::string part = path.substr(0, end);
    if (part.empty() || H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t about;
    if (H5Lget_info(file, part.c_str(), &about, H5P_DEFAULT) < 0 || about.type == H5L_TYPE_EXTERNAL)
      return false;
    if (H5Oexists_by_name(file, part.c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return true;
}

bool has_kind(hid_t file, const std::string& path, H5I_type_t kind) {
  if (!is_present(file, path)) return false;
  const Handle object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
  return object.is_open() && H5Iget_type(object) == kind;
}

std::vector<std::int64_t> extents(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> sizes(static_cast<std::size_t>(std::max(rank, 0)));
  if (rank > 0) H5Sget_simple_extent_dims(space, sizes.data(), nullptr);
  return {sizes.begin(), sizes.end()};
}

/// A dataset with its type and shape, in this file and no larger than that can be.
struct StoredDataset {
  StoredDataset(hid_t file, const std::string& path)
      : set(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose),
        type(H5Dget_type(set), H5Tclose),
        space(H5Dget_space(set), H5Sclose),
        shape(extents(space)) {}

  bool is_stored_here() const {
    const Handle plist(H5Dget_create_plist(set), H5Pclose);
    return plist.is_open() && H5Pget_external_count(plist) == 0 && H5Pget_layout(plist) != H5D_VIRTUAL;
  }

  Handle set, type, space;
  std::vector<std::int64_t> shape;
};

std::unique_ptr<StoredDataset> open_dataset(hid_t file, const std::string& path, const std::string& origin) {
  if (!has_kind(file, path, H5I_DATASET)) throw DataError(concat(origin, ": there is no such dataset"));
  auto found = std::make_unique<StoredDataset>(file, path);
  if (!found->set.is_open() || !found->type.is_open() || !found->space.is_open())
    throw DataError(concat(origin, ": the dataset is damaged", kMakeAgain));
  if (!found->is_stored_here())
    throw DataError(concat(origin, ": its values are in another file, which is not read"));
  return found;
}

/// The number of values, which the stored bytes can hold.
std::size_t checked_count(const StoredDataset& from, std::size_t item_bytes, const std::string& origin) {
  const auto stored = static_cast<std::size_t>(H5Dget_storage_size(from.set));
  return checked_size(from.shape, item_bytes, stored * kLargestExpansion, origin);
}

[[noreturn]] void fail_read(const std::string& origin) {
  throw DataError(concat(origin,
                         ": libhdf5 cannot read its values: they are damaged, or compressed by a filter ",
                         "that is not installed"));
}

template <class T>
std::vector<T> read_values(const StoredDataset& from, hid_t memory_type, bool fits,
                           const std::string& origin) {
  if (!fits) throw DataError(concat(origin, ": holds values of another type than is needed"));
  std::vector<T> values(checked_count(from, std::max<std::size_t>(H5Tget_size(from.type), 1), origin));
  if (!values.empty() && H5Dread(from.set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    fail_read(origin);
  return values;
}

std::string fixed_text(const char* text, std::size_t length, hid_t type) {
  const std::string_view whole(text, length);
  if (H5Tget_strpad(type) == H5T_STR_SPACEPAD)
    return std::string(whole.substr(0, whole.find_last_not_of(' ') + 1));
  return std::string(whole.substr(0, whole.find('\0')));
}

std::vector<std::string> fixed_texts(const StoredDataset& from, const std::string& origin) {
  const std::size_t length = H5Tget_size(from.type);
  if (length == 0) throw DataError(concat(origin, ": the dataset is damaged", kMakeAgain));
  const std::size_t count = checked_count(from, length, origin);
  std::string bytes(count * length, '\0');
  if (count > 0 && H5Dread(from.set, from.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0)
    fail_read(origin);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i)
    texts.push_back(fixed_text(bytes.data() + i * length, length, from.type));
  return texts;
}

/// Texts of variable length from a list of them. `max_bytes` is what all of them can have.
std::vector<std::string> variable_texts(const StoredDataset& from, std::size_t max_bytes,
                                        const std::string& origin) {
  if (from.shape.size() != 1) throw DataError(concat(origin, ": needs a list of texts"));
  const std::size_t count = checked_count(from, sizeof(std::uint64_t), origin);
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (std::size_t first = 0; first < count; first += kTextsAtOnce) {
    const hsize_t start = first, number = std::min(kTextsAtOnce, count - first);
    const Handle memory(H5Screate_simple(1, &number, nullptr), H5Sclose);
    const Handle part(H5Scopy(from.space), H5Sclose);
    H5Sselect_hyperslab(part, H5S_SELECT_SET, &start, nullptr, &number, nullptr);
    std::vector<char*> pointers(number, nullptr);
    const bool read = H5Dread(from.set, from.type, memory, part, H5P_DEFAULT, pointers.data()) >= 0;
    for (const char* text : pointers) {
      texts.emplace_back(read && text ? text : "");
      bytes += texts.back().size();
    }
    H5Dvlen_reclaim(from.type, memory, H5P_DEFAULT, pointers.data());
    if (!read) fail_read(origin);
    if (bytes > max_bytes)
      throw DataError(concat(origin, ": its texts are longer than the file", kMakeAgain));
  }
  return texts;
}

std::optional<std::string> read_text_attribute(hid_t attribute, hid_t type) {
  const Handle space(H5Aget_space(attribute), H5Sclose);
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return std::nullopt;
  if (H5Tis_variable_str(type) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute, type, &text) < 0 || !text) return std::nullopt;
    std::string copy = text;
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, &text);
    return copy;
  }
  if (H5Tget_size(type) > kMaxAttributeBytes) return std::nullopt;
  std::string bytes(H5Tget_size(type), '\0');
  if (H5Aread(attribute, type, bytes.data()) < 0) return std::nullopt;
  return fixed_text(bytes.data(), bytes.size(), type);
}

}  // namespace

bool has_hdf5() noexcept {
  return true;
}

std::unique_lock<std::mutex> hdf5_turn() {
  static std::mutex turns;
  std::unique_lock<std::mutex> turn(turns);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  return turn;
}

Hdf5File::Hdf5File(const std::filesystem::path& file) : turn_(hdf5_turn()), name_(file.string()) {
  std::error_code error;
  size_ = std::filesystem::file_size(file, error);
  if (error) throw IoError(concat("cannot open ", name_, ": ", error.message()));
  register_lzf();
  file_ = H5Fopen(name_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file_ < 0) throw DataError(concat(name_, ": not an HDF5 file, or a damaged one", kMakeAgain));
}

Hdf5File::~Hdf5File() {
  H5Fclose(file_);
}

bool Hdf5File::is_group(std::string_view path) const {
  return has_kind(file_, std::string(path), H5I_GROUP);
}

bool Hdf5File::is_dataset(std::string_view path) const {
  return has_kind(file_, std::string(path), H5I_DATASET);
}

bool Hdf5File::is_text(std::string_view path) const {
  return is_dataset(path) &&
         H5Tget_class(open_dataset(file_, std::string(path), origin(path))->type) == H5T_STRING;
}

std::vector<std::string> Hdf5File::children(std::string_view group) const {
  std::vector<std::string> names;
  if (!is_group(group)) return names;
  const Handle opened(H5Gopen2(file_, std::string(group).c_str(), H5P_DEFAULT), H5Gclose);
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* to) -> herr_t {
    static_cast<std::vector<std::string>*>(to)->emplace_back(name);
    return 0;
  };
  H5Literate(opened, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, add, &names);
  std::sort(names.begin(), names.end());
  return names;
}

std::string Hdf5File::text_attribute(std::string_view path, const char* name) const {
  const std::string object(path);
  if (!is_present(file_, object) || H5Aexists_by_name(file_, object.c_str(), name, H5P_DEFAULT) <= 0)
    return {};
  const Handle attribute(H5Aopen_by_name(file_, object.c_str(), name, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.is_open()) return {};
  const Handle type(H5Aget_type(attribute), H5Tclose);
  return read_text_attribute(attribute, type).value_or("");
}

std::vector<std::int64_t> Hdf5File::integer_attribute(std::string_view path, const char* name) const {
  const std::string object(path);
  if (!is_present(file_, object) || H5Aexists_by_name(file_, object.c_str(), name, H5P_DEFAULT) <= 0)
    return {};
  const Handle attribute(H5Aopen_by_name(file_, object.c_str(), name, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.is_open()) return {};
  const Handle space(H5Aget_space(attribute), H5Sclose), type(H5Aget_type(attribute), H5Tclose);
  const auto count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || static_cast<std::size_t>(count) > size_ || H5Tget_class(type) != H5T_INTEGER) return {};
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  if (values.empty() || H5Aread(attribute, H5T_NATIVE_INT64, values.data()) < 0) return {};
  return values;
}

Array Hdf5File::numbers(std::string_view path) const {
  const auto from = open_dataset(file_, std::string(path), origin(path));
  const auto kind = H5Tget_class(from->type);
  Array array;
  array.floats =
      read_values<float>(*from, H5T_NATIVE_FLOAT, kind == H5T_INTEGER || kind == H5T_FLOAT, origin(path));
  array.shape = from->shape;
  return array;
}

std::vector<std::int64_t> Hdf5File::integers(std::string_view path) const {
  const auto from = open_dataset(file_, std::string(path), origin(path));
  return read_values<std::int64_t>(*from, H5T_NATIVE_INT64, H5Tget_class(from->type) == H5T_INTEGER,
                                   origin(path));
}

std::vector<std::string> Hdf5File::texts(std::string_view path) const {
  const auto from = open_dataset(file_, std::string(path), origin(path));
  if (H5Tget_class(from->type) != H5T_STRING) throw DataError(concat(origin(path), ": needs text"));
  return H5Tis_variable_str(from->type) > 0 ? variable_texts(*from, size_, origin(path))
                                            : fixed_texts(*from, origin(path));
}

std::string Hdf5File::origin(std::string_view path) const {
  return concat(name_, " (", escaped(path), ")");
}

}  // namespace elbo::data

#else

namespace elbo::data {

bool has_hdf5() noexcept {
  return false;
}

std::unique_lock<std::mutex> hdf5_turn() {
  static std::mutex turns;
  return std::unique_lock<std::mutex>(turns);
}

Hdf5File::Hdf5File(const std::filesystem::path& file) {
  throw DataError(concat(file.string(), ": this elbo was built without HDF5.\n",
                         "Install libhdf5-dev (or HDF5's C library) and build elbo again."));
}
Hdf5File::~Hdf5File() = default;

bool Hdf5File::is_group(std::string_view) const {
  return false;
}
bool Hdf5File::is_dataset(std::string_view) const {
  return false;
}
bool Hdf5File::is_text(std::string_view) const {
  return false;
}
std::vector<std::string> Hdf5File::children(std::string_view) const {
  return {};
}
std::string Hdf5File::text_attribute(std::string_view, const char*) const {
  return {};
}
std::vector<std::int64_t> Hdf5File::integer_attribute(std::string_view, const char*) const {
  return {};
}
Array Hdf5File::numbers(std::string_view) const {
  return {};
}
std::vector<std::int64_t> Hdf5File::integers(std::string_view) const {
  return {};
}
std::vector<std::string> Hdf5File::texts(std::string_view) const {
  return {};
}
std::string Hdf5File::origin(std::string_view path) const {
  return std::string(path);
}

}  // namespace elbo::data

#endif
