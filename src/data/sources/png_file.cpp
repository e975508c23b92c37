// PNG by libpng. Its progressive reader stops at the last row that the header declares. The sequential reader
// would inflate all data that follows, and a small file can hold data that inflates without limit.

#include <png.h>

#include <algorithm>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <new>

#include "data/sources/picture_decoder.h"

namespace elbo::data {
namespace {

/// A palette's colours and their alpha, which the last ones may lack: they are opaque.
struct Palette {
  int colours = 0;  ///< 0: pixels are values
  png_colorp colour = nullptr;
  int alphas = 0;
  png_bytep alpha = nullptr;
};

/// The state of libpng's callbacks.
struct State {
  std::uint8_t* pixels = nullptr;  ///< null: read the header alone
  PictureHeader header;
  std::int64_t rows_left = 0;  ///< over all passes
  Palette palette;
  bool interlaced = false;
  bool ended = false;
  char reason[128] = "the data ends too early";
};

State& state_of(png_structp png) {
  return *static_cast<State*>(png_get_progressive_ptr(png));
}

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto& state = *static_cast<State*>(png_get_error_ptr(png));
  std::snprintf(state.reason, sizeof state.reason, "%s", message);
  png_longjmp(png, 1);
}

void ignore(png_structp, png_const_charp) {}

/// The number of rows in all passes of an interlaced picture.
std::int64_t interlaced_rows(std::int64_t height, std::int64_t width) {
  std::int64_t rows = 0;
  for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass) {
    if (PNG_PASS_COLS(width, pass) > 0) rows += PNG_PASS_ROWS(height, pass);
  }
  return rows;
}

PictureHeader header_of(png_structp png, png_infop info) {
  const int colour = png_get_color_type(png, info);
  PictureHeader header;
  header.stored = {png_get_image_height(png, info), png_get_image_width(png, info),
                   (colour & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1};
  header.wide = png_get_bit_depth(png, info) == 16;
  header.alpha = (colour & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  return header;
}

void take_palette(png_structp png, png_infop info, Palette& palette) {
  png_set_packing(png);
  png_get_PLTE(png, info, &palette.colour, &palette.colours);
  if (png_get_valid(png, info, PNG_INFO_tRNS) != 0)
    png_get_tRNS(png, info, &palette.alpha, &palette.alphas, nullptr);
}

/// Called when everything before the pixels has been read.
void take_header(png_structp png, png_infop info) {
  State& state = state_of(png);
  const int colour = png_get_color_type(png, info);
  state.header = header_of(png, info);
  if (state.pixels == nullptr) {
    png_process_data_pause(png, 0);
    return;
  }
  const PictureShape& shape = state.header.stored;
  state.interlaced = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7;
  state.rows_left = state.interlaced ? interlaced_rows(shape.height, shape.width) : shape.height;
  if (colour == PNG_COLOR_TYPE_PALETTE) {
    take_palette(png, info, state.palette);
  } else {
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
    if (state.header.wide && std::endian::native == std::endian::little) png_set_swap(png);
  }
  png_start_read_image(png);
}

void put_colour(png_structp png, const Palette& palette, int index, bool alpha, std::uint8_t* to) {
  if (index >= palette.colours) png_error(png, "a colour beyond the palette");
  const png_color& colour = palette.colour[index];
  to[0] = colour.red, to[1] = colour.green, to[2] = colour.blue;
  if (alpha) to[3] = index < palette.alphas ? palette.alpha[index] : 255;
}

/// Called with each row of a pass; in a picture that is not interlaced there is one pass.
void take_row(png_structp png, png_bytep row, png_uint_32 number, int pass) {
  State& state = state_of(png);
  const std::int64_t width = state.header.stored.width, bytes = state.header.pixel_bytes();
  const bool part = state.interlaced;
  const std::int64_t y = part ? PNG_ROW_FROM_PASS_ROW(number, pass) : number;
  const std::int64_t x = part ? PNG_PASS_START_COL(pass) : 0, step = part ? PNG_PASS_COL_OFFSET(pass) : 1;
  const std::int64_t count = part ? PNG_PASS_COLS(width, pass) : width;
  std::uint8_t* to = state.pixels + (y * width + x) * bytes;
  for (std::int64_t i = 0; i < count; ++i, to += step * bytes) {
    if (state.palette.colours == 0) {
      std::copy_n(row + i * bytes, bytes, to);
    } else {
      put_colour(png, state.palette, row[i], state.header.alpha, to);
    }
  }
  --state.rows_left;
}

void take_end(png_structp png, png_infop) {
  state_of(png).ended = true;
}

/// libpng's two structures.
class Reader {
 public:
  explicit Reader(State& state)
      : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, fail, ignore)),
        info_(png_ ? png_create_info_struct(png_) : nullptr) {
    if (info_) return;
    png_destroy_read_struct(&png_, nullptr, nullptr);
    throw std::bad_alloc();
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Returns whether libpng succeeded; if not, the state has the reason.
  bool process(State& state, const std::uint8_t* bytes, std::size_t size) {
    if (setjmp(png_jmpbuf(png_))) return false;
    // Chunks that pixels do not need are skipped unread, however large or broken.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_chunk_malloc_max(png_, 0);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the caller checks the size
    png_set_progressive_read_fn(png_, &state, take_header, take_row, take_end);
    png_process_data(png_, info_, const_cast<png_bytep>(bytes), size);
    return true;
  }

 private:
  png_structp png_;
  png_infop info_;
};

void process(State& state, Bytes file) {
  Reader reader(state);
  if (!reader.process(state, file.data(), file.size())) throw DamagedPicture(state.reason);
}

}  // namespace

bool is_png(Bytes file) {
  return file.size() >= 8 && png_sig_cmp(file.data(), 0, 8) == 0;
}

PictureHeader png_header(Bytes file) {
  State state;
  process(state, file);
  if (state.header.stored.height == 0) throw DamagedPicture(state.reason);
  state.header.orientation = png_orientation(file);
  return state.header;
}

void decode_png(Bytes file, std::span<std::uint8_t> pixels) {
  State state;
  state.pixels = pixels.data();
  process(state, file);
  if (!state.ended || state.rows_left != 0) throw DamagedPicture(state.reason);
}

}  // namespace elbo::data
