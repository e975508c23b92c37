#include "support/file_formats.h"

#include <gtest/gtest.h>
#include <zip.h>
#include <zlib.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace elbo::test {
namespace {

void append(void* text, void* data, int size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string idx_header(int type, const std::vector<std::uint32_t>& shape) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(shape.size())};
  for (const auto extent : shape) bytes += big_endian(extent);
  return bytes;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string npy_raw(const std::string& dictionary, const std::string& values, int version) {
  const std::size_t width = version == 1 ? 2 : 4;
  std::string header = dictionary;
  while ((8 + width + header.size() + 1) % 64 != 0) header.push_back(' ');
  header.push_back('\n');
  const auto length = static_cast<std::uint32_t>(header.size());
  std::string bytes = "\x93NUMPY";
  bytes.push_back(static_cast<char>(version));
  bytes.push_back('\0');
  bytes.append(reinterpret_cast<const char*>(&length), width);
  return bytes + header + values;
}

std::string dictionary(const std::string& type, const std::string& shape, bool fortran) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

std::filesystem::path npz(const std::filesystem::path& file,
                          const std::vector<std::pair<std::string, std::string>>& entries, bool deflate) {
  std::filesystem::remove(file);
  int error = 0;
  zip_t* archive = zip_open(file.c_str(), ZIP_CREATE, &error);
  for (const auto& [name, bytes] : entries) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const auto index = zip_file_add(archive, name.c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                             deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  EXPECT_EQ(zip_close(archive), 0);
  return file;
}

std::string png(int width, int height, int channels, int first) {
  std::string pixels, file;
  for (int i = 0; i < width * height * channels; ++i) pixels.push_back(static_cast<char>(first + i));
  stbi_write_png_to_func(append, &file, width, height, channels, pixels.data(), width * channels);
  return file;
}

std::string jpeg(int width, int height, int channels, int value) {
  const std::string pixels(static_cast<std::size_t>(width * height * channels), static_cast<char>(value));
  std::string file;
  stbi_write_jpg_to_func(append, &file, width, height, channels, pixels.data(), 100);
  return file;
}

}  // namespace elbo::test
