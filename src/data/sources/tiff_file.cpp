// TIFF by libtiff, where the build has it: the first page alone.

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "data/sources/picture_decoder.h"
#include "base/check.h"

#if ELBO_HAS_TIFF
#include <tiffio.h>
#endif

namespace elbo::data {

bool is_tiff(Bytes file) {
  constexpr std::uint8_t kLittle[] = {'I', 'I', 42, 0}, kBig[] = {'M', 'M', 0, 42};
  constexpr std::uint8_t kLittle64[] = {'I', 'I', 43, 0}, kBig64[] = {'M', 'M', 0, 43};
  return std::ranges::any_of(
      std::initializer_list<Bytes>{kLittle, kBig, kLittle64, kBig64}, [&](Bytes magic) {
        return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
      });
}

#if ELBO_HAS_TIFF
namespace {

/// More than any accepted picture takes.
constexpr tmsize_t kMaxMemory = tmsize_t{1} << 30;

/// A file in memory, and the first error.
struct Memory {
  Bytes bytes;
  toff_t at = 0;
  std::string error;
};

Memory& memory(thandle_t handle) {
  return *static_cast<Memory*>(handle);
}

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t size) {
  Memory& file = memory(handle);
  const std::size_t from = std::min<std::size_t>(file.at, file.bytes.size());
  const std::size_t count = std::min(static_cast<std::size_t>(size), file.bytes.size() - from);
  std::memcpy(to, file.bytes.data() + from, count);
  file.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_bytes(thandle_t, void*, tmsize_t) {
  return 0;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Memory& file = memory(handle);
  const toff_t from = whence == SEEK_CUR ? file.at : whence == SEEK_END ? file.bytes.size() : 0;
  return file.at = from + offset;
}

int close(thandle_t) {
  return 0;
}

toff_t size_of(thandle_t handle) {
  return memory(handle).bytes.size();
}

int keep_error(TIFF*, void* memory, const char*, const char* format, va_list values) {
  auto& error = static_cast<Memory*>(memory)->error;
  char text[128];
  std::vsnprintf(text, sizeof text, format, values);
  if (error.empty()) error = text;
  return 1;
}

int ignore(TIFF*, void*, const char*, const char*, va_list) {
  return 1;
}

/// How libtiff is asked for the values.
enum class Way {
  samples,  ///< as they are stored: grey or RGB, 8 or 16 bits
  colours,  ///< as it converts them to RGB of 8 bits: palettes, inks, YCbCr, fewer bits
};

class Page {
 public:
  explicit Page(Bytes file) {
    memory_.bytes = file;
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                   TIFFOpenOptionsFree);
    if (!options) throw std::bad_alloc();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxMemory);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_error, &memory_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore, nullptr);
    tiff_.reset(TIFFClientOpenExt("picture", "rm", &memory_, read_bytes, write_bytes, seek, close, size_of,
                                  nullptr, nullptr, options.get()));
    if (!tiff_) fail();
    read_header();
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  const PictureHeader& header() const { return header_; }

  void decode(std::span<std::uint8_t> pixels) {
    if (way_ == Way::colours) {
      read_colours(pixels);
    } else {
      read_samples(pixels);
      if (photometric_ == PHOTOMETRIC_MINISWHITE) for_each_pixel(pixels, invert);
    }
    if (header_.alpha && associated_) for_each_pixel(pixels, divide_by_alpha);
  }

 private:
  [[noreturn]] void fail() const {
    throw DamagedPicture(memory_.error.empty() ? "the data ends too early" : memory_.error);
  }

  std::uint16_t field(std::uint32_t tag) const {
    std::uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff_.get(), tag, &value);
    return value;
  }

  void read_header() {
    std::uint32_t height = 0, width = 0;
    TIFFGetField(tiff_.get(), TIFFTAG_IMAGELENGTH, &height);
    TIFFGetField(tiff_.get(), TIFFTAG_IMAGEWIDTH, &width);
    if (height == 0 || width == 0) throw DamagedPicture("it has no size");
    bits_ = field(TIFFTAG_BITSPERSAMPLE);
    samples_ = field(TIFFTAG_SAMPLESPERPIXEL);
    photometric_ = field(TIFFTAG_PHOTOMETRIC);
    planes_ = field(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    const bool grey = photometric_ == PHOTOMETRIC_MINISBLACK || photometric_ == PHOTOMETRIC_MINISWHITE;
    header_.stored = {height, width, grey ? 1 : 3};
    const std::uint16_t orientation = field(TIFFTAG_ORIENTATION);
    header_.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    header_.pages = static_cast<std::int64_t>(TIFFNumberOfDirectories(tiff_.get()));
    choose_way(grey || photometric_ == PHOTOMETRIC_RGB);
  }

  void choose_way(bool plain) {
    const std::uint16_t format = field(TIFFTAG_SAMPLEFORMAT);
    const bool whole = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID;
    const bool tiled = TIFFIsTiled(tiff_.get()) != 0;
    if (!whole || bits_ > 16 || (bits_ == 16 && (tiled || !plain))) {
      throw UnsupportedPicture(concat("a TIFF picture of ", bits_, " bits a value",
                                      whole ? "" : ", signed or not whole", tiled ? ", in tiles" : "",
                                      ": elbo reads whole numbers of at most 16 bits, those of 16 as grey or "
                                      "RGB in strips; save it as such or as a .npy"));
    }
    find_alpha();
    header_.wide = bits_ == 16;
    if (plain && !tiled && (bits_ == 8 || bits_ == 16) && samples_ >= header_.stored.channels) return;
    way_ = Way::colours;
    associated_ = true;  // by libtiff
    char reason[1024] = "";
    if (!TIFFRGBAImageOK(tiff_.get(), reason)) throw UnsupportedPicture(concat("a TIFF picture: ", reason));
  }

  void find_alpha() {
    std::uint16_t count = 0;
    const std::uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(tiff_.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds);
    if (count == 0 || samples_ <= header_.stored.channels) return;
    associated_ = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    header_.alpha = associated_ || kinds[0] == EXTRASAMPLE_UNASSALPHA;
  }

  /// Reads rows of one plane after the other, or of the only one; samples beyond colours and alpha are left
  /// out.
  void read_samples(std::span<std::uint8_t> pixels) {
    const std::int64_t bytes = header_.wide ? 2 : 1, wanted = header_.samples();
    const std::int64_t in_row = planes_ ? 1 : samples_, copied = planes_ ? 1 : wanted;
    const auto row_bytes = static_cast<std::size_t>(TIFFScanlineSize64(tiff_.get()));
    if (row_bytes < static_cast<std::size_t>(header_.stored.width * in_row * bytes)) fail();
    std::vector<std::uint8_t> row(row_bytes);
    for (std::int64_t plane = 0; plane < (planes_ ? wanted : 1); ++plane) {
      std::uint8_t* to = pixels.data() + plane * bytes;
      for (std::int64_t y = 0; y < header_.stored.height; ++y) {
        if (TIFFReadScanline(tiff_.get(), row.data(), static_cast<std::uint32_t>(y),
                             static_cast<std::uint16_t>(plane)) < 0)
          fail();
        const std::uint8_t* from = row.data();
        for (std::int64_t x = 0; x < header_.stored.width; ++x) {
          std::copy_n(from, copied * bytes, to);
          from += in_row * bytes;
          to += wanted * bytes;
        }
      }
    }
  }

  void read_colours(std::span<std::uint8_t> pixels) {
    const PictureShape& shape = header_.stored;
    std::vector<std::uint32_t> raster(static_cast<std::size_t>(shape.height * shape.width));
    TIFFSetField(tiff_.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);  // elbo turns it itself
    if (!TIFFReadRGBAImageOriented(tiff_.get(), static_cast<std::uint32_t>(shape.width),
                                   static_cast<std::uint32_t>(shape.height), raster.data(),
                                   ORIENTATION_TOPLEFT, 1))
      fail();
    std::uint8_t* to = pixels.data();
    for (const std::uint32_t colour : raster) {
      const std::uint32_t rgb[] = {TIFFGetR(colour), TIFFGetG(colour), TIFFGetB(colour)};
      to = std::transform(rgb, rgb + shape.channels, to,
                          [](std::uint32_t value) { return static_cast<std::uint8_t>(value); });
      if (header_.alpha) *to++ = static_cast<std::uint8_t>(TIFFGetA(colour));
    }
  }

  /// Calls change(values, colours, largest) for the values of each pixel, widened, and puts them back.
  void for_each_pixel(std::span<std::uint8_t> pixels,
                      void (*change)(std::uint32_t*, std::int64_t, std::uint32_t)) const {
    const auto each = [&]<class T>(T largest) {
      const auto samples = static_cast<std::size_t>(header_.samples());
      for (std::size_t at = 0; at < pixels.size(); at += samples * sizeof(T)) {
        T stored[4] = {};
        std::uint32_t values[4];
        std::memcpy(stored, pixels.data() + at, samples * sizeof(T));
        for (int i = 0; i < 4; ++i) values[i] = stored[i];
        change(values, header_.stored.channels, largest);
        for (int i = 0; i < 4; ++i) stored[i] = static_cast<T>(values[i]);
        std::memcpy(pixels.data() + at, stored, samples * sizeof(T));
      }
    };
    header_.wide ? each(std::uint16_t{65535}) : each(std::uint8_t{255});
  }

  static void invert(std::uint32_t* values, std::int64_t colours, std::uint32_t largest) {
    for (std::int64_t i = 0; i < colours; ++i) values[i] = largest - values[i];
  }

  /// Colours that are stored times their alpha.
  static void divide_by_alpha(std::uint32_t* values, std::int64_t colours, std::uint32_t largest) {
    const std::uint32_t alpha = values[colours];
    for (std::int64_t i = 0; i < colours && alpha > 0; ++i)
      values[i] = std::min(largest, (values[i] * largest + alpha / 2) / alpha);
  }

  Memory memory_;
  std::unique_ptr<TIFF, decltype(&TIFFClose)> tiff_{nullptr, TIFFClose};
  PictureHeader header_;
  Way way_ = Way::samples;
  std::uint16_t bits_ = 0, samples_ = 0, photometric_ = 0;
  bool planes_ = false;      ///< each colour is stored on its own
  bool associated_ = false;  ///< colours are stored times their alpha
};

}  // namespace

PictureHeader tiff_header(Bytes file) {
  return Page(file).header();
}

void decode_tiff(Bytes file, std::span<std::uint8_t> pixels) {
  Page(file).decode(pixels);
}

#else

namespace {
constexpr const char* kNoLibrary =
    "a TIFF picture, but this build of elbo has no libtiff of version 4.5 or later: install libtiff-dev and "
    "build elbo again, or save it as a PNG";
}

PictureHeader tiff_header(Bytes) {
  throw UnsupportedPicture(kNoLibrary);
}

void decode_tiff(Bytes, std::span<std::uint8_t>) {
  throw UnsupportedPicture(kNoLibrary);
}

#endif

}  // namespace elbo::data
