#include "support/file_formats.h"

#include <gtest/gtest.h>
#include <zip.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

namespace elbo::test {
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
  constexpr std::array<int, 5> kColours = {0, 0, 4, 2, 6};
  std::string rows;
  for (int i = 0; i < width * height * channels; ++i) {
    if (i % (width * channels) == 0) rows.push_back('\0');
    rows.push_back(static_cast<char>(first + i));
  }
  return png_file({.width = width,
                   .height = height,
                   .colour = kColours.at(static_cast<std::size_t>(channels)),
                   .rows = rows});
}

std::string jpeg(int width, int height, int channels, int value) {
  const std::vector colour(static_cast<std::size_t>(channels), static_cast<std::uint8_t>(value));
  return jpeg_file({.width = width, .height = height, .colour = colour});
}

std::string png_chunk(const std::string& type, const std::string& bytes) {
  const std::string body = type + bytes;
  const auto check = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(bytes.size())) + body +
         big_endian(static_cast<std::uint32_t>(check));
}

std::string png_file(const PngParts& parts) {
  std::string header = big_endian(static_cast<std::uint32_t>(parts.width)) +
                       big_endian(static_cast<std::uint32_t>(parts.height));
  for (const int byte : {parts.depth, parts.colour, 0, 0, parts.interlaced ? 1 : 0})
    header.push_back(static_cast<char>(byte));
  std::string packed(compressBound(parts.rows.size()), '\0');
  auto size = static_cast<uLongf>(packed.size());
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(parts.rows.data()), parts.rows.size()),
            Z_OK);
  packed.resize(size);
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", header) + parts.chunks + png_chunk("IDAT", packed) +
         png_chunk("IEND", "");
}

std::string jpeg_file(const JpegParts& parts) {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  const auto components = parts.colour.size();
  jpeg.image_width = static_cast<JDIMENSION>(parts.width);
  jpeg.image_height = static_cast<JDIMENSION>(parts.height);
  jpeg.input_components = static_cast<int>(components);
  jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  jpeg.write_Adobe_marker = parts.adobe ? TRUE : FALSE;
  std::vector<jpeg_scan_info> scans;
  const int last_bit = parts.refined ? 1 : 0;
  for (int bit = last_bit; bit >= 0 && parts.bands > 0; --bit) {
    for (int band = 0; band < parts.bands; ++band) {
      const int end = band + 1 == parts.bands && band > 0 ? 63 : band;
      scans.push_back({1, {0}, band, end, bit == last_bit ? 0 : bit + 1, bit});
    }
  }
  if (!scans.empty()) {
    jpeg.scan_info = scans.data();
    jpeg.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&jpeg, TRUE);
  std::vector<std::uint8_t> row;
  for (int x = 0; x < parts.width; ++x) row.insert(row.end(), parts.colour.begin(), parts.colour.end());
  for (int y = 0; y < parts.height; ++y) {
    JSAMPROW from = row.data();
    jpeg_write_scanlines(&jpeg, &from, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  jpeg_destroy_compress(&jpeg);
  return file;
}

namespace {

std::string number(std::uint32_t value, int bytes, bool little_endian = true) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> 8 * i));
  return little_endian ? text : std::string(text.rbegin(), text.rend());
}

}  // namespace

std::string exif(int orientation, bool little_endian) {
  const auto put = [&](int value, int bytes) {
    return number(static_cast<std::uint32_t>(value), bytes, little_endian);
  };
  const std::string maker = put(0x010F, 2) + put(2, 2) + put(4, 4) + "ABC" + '\0';
  const std::string turned = put(0x0112, 2) + put(3, 2) + put(1, 4) + put(orientation, 2) + put(0, 2);
  return (little_endian ? "II" : "MM") + put(42, 2) + put(8, 4) + put(2, 2) + maker + turned + put(0, 4);
}

std::string with_exif(const std::string& jpeg, const std::string& exif) {
  const std::string body = std::string("Exif\0\0", 6) + exif;
  return std::string(jpeg).insert(
      2, "\xFF\xE1" + big_endian(static_cast<std::uint32_t>(body.size() + 2)).substr(2) + body);
}

std::string bmp_file(const BmpParts& parts) {
  const auto put = [](std::int64_t value) { return number(static_cast<std::uint32_t>(value), 4); };
  const auto short_number = [](int value) { return number(static_cast<std::uint32_t>(value), 2); };
  const auto colours = static_cast<std::int64_t>(parts.palette.size() / 4);
  std::string header = put(parts.header) + put(parts.width) + put(parts.height) + short_number(1) +
                       short_number(parts.bits) + put(parts.compression) + put(0) + put(2835) + put(2835) +
                       put(colours) + put(0);
  for (const std::int64_t mask : {0xFF0000LL, 0xFF00LL, 0xFFLL, 0xFF000000LL}) header += put(mask);
  header.resize(static_cast<std::size_t>(parts.header), '\0');
  const std::string before = header + parts.palette;
  const auto pixels = static_cast<std::int64_t>(14 + before.size());
  return "BM" + put(pixels + static_cast<std::int64_t>(parts.rows.size())) + put(0) + put(pixels) + before +
         parts.rows;
}

std::string tiff_file(const TiffParts& parts) {
  std::string file = "II" + number(42, 2) + number(0, 4);
  std::size_t link = 4;
  for (int page = 0; page < parts.pages; ++page) {
    const auto place = [&] { return static_cast<std::uint32_t>(file.size()); };
    const auto samples = static_cast<std::uint32_t>(parts.samples);
    const std::uint32_t values = place(), bytes = static_cast<std::uint32_t>(parts.values.size());
    file += parts.values;
    const std::uint32_t bits = place();
    for (int i = 0; i < parts.samples; ++i) file += number(static_cast<std::uint32_t>(parts.bits), 2);
    const std::uint32_t strips = parts.planes == 2 ? samples : 1, places = place();
    for (std::uint32_t i = 0; i < strips; ++i) file += number(values + i * bytes / strips, 4);
    const std::uint32_t sizes = place();
    for (std::uint32_t i = 0; i < strips; ++i) file += number(bytes / strips, 4);
    struct Entry {
      std::uint32_t tag, type, count, value;
    };
    const auto whole = [](int value) { return static_cast<std::uint32_t>(value); };
    std::vector<Entry> entries = {{256, 4, 1, whole(parts.width)},
                                  {257, 4, 1, whole(parts.height)},
                                  {258, 3, samples, samples <= 2 ? whole(parts.bits * 0x10001) : bits},
                                  {259, 3, 1, 1},
                                  {262, 3, 1, whole(parts.photometric)},
                                  {273, 4, strips, strips == 1 ? values : places},
                                  {274, 3, 1, whole(parts.orientation)},
                                  {277, 3, 1, samples},
                                  {278, 4, 1, whole(parts.height)},
                                  {279, 4, strips, strips == 1 ? bytes : sizes},
                                  {284, 3, 1, whole(parts.planes)}};
    if (parts.extra >= 0) entries.push_back({338, 3, 1, whole(parts.extra)});
    if (parts.samples == 1) entries.push_back({339, 3, 1, whole(parts.format)});
    if (file.size() % 2 == 1) file += '\0';
    file.replace(link, 4, number(place(), 4));
    file += number(static_cast<std::uint32_t>(entries.size()), 2);
    for (const Entry& entry : entries)
      file += number(entry.tag, 2) + number(entry.type, 2) + number(entry.count, 4) + number(entry.value, 4);
    link = file.size();
    file += number(0, 4);
  }
  return file;
}

}  // namespace elbo::test
