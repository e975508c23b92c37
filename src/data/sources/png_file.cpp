// PNG by libpng. Its progressive reader stops at the last row that the header declares. The sequential reader
// would inflate all data that follows, and a small file can hold data that inflates without limit.

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <new>

#include "data/sources/picture_decoder.h"

namespace elbo::data {
namespace {

/// The state of libpng's callbacks.
struct State {
  std::uint8_t* pixels = nullptr;  ///< null: read the header alone
  PictureShape shape;
  std::int64_t rows_left = 0;  ///< over all passes
  int colours = 0;             ///< number in the palette; 0: pixels are values
  png_colorp palette = nullptr;
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

/// Called when everything before the pixels has been read.
void take_header(png_structp png, png_infop info) {
  State& state = state_of(png);
  const int colour = png_get_color_type(png, info);
  state.shape = {png_get_image_height(png, info), png_get_image_width(png, info),
                 (colour & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1};
  if (state.pixels == nullptr) {
    png_process_data_pause(png, 0);
    return;
  }
  state.interlaced = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7;
  state.rows_left =
      state.interlaced ? interlaced_rows(state.shape.height, state.shape.width) : state.shape.height;
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  if (colour == PNG_COLOR_TYPE_PALETTE) {
    png_set_packing(png);
    png_get_PLTE(png, info, &state.palette, &state.colours);
  } else if (colour == PNG_COLOR_TYPE_GRAY) {
    png_set_expand_gray_1_2_4_to_8(png);
  }
  png_start_read_image(png);
}

/// Called with each row of a pass; in a picture that is not interlaced there is one pass.
void take_row(png_structp png, png_bytep row, png_uint_32 number, int pass) {
  State& state = state_of(png);
  const std::int64_t width = state.shape.width, channels = state.shape.channels;
  const bool part = state.interlaced;
  const std::int64_t y = part ? PNG_ROW_FROM_PASS_ROW(number, pass) : number;
  const std::int64_t x = part ? PNG_PASS_START_COL(pass) : 0, step = part ? PNG_PASS_COL_OFFSET(pass) : 1;
  const std::int64_t count = part ? PNG_PASS_COLS(width, pass) : width;
  std::uint8_t* to = state.pixels + (y * width + x) * channels;
  for (std::int64_t i = 0; i < count; ++i, to += step * channels) {
    if (state.colours == 0) {
      std::copy_n(row + i * channels, channels, to);
      continue;
    }
    if (row[i] >= state.colours) png_error(png, "a colour beyond the palette");
    const png_color& colour = state.palette[row[i]];
    to[0] = colour.red, to[1] = colour.green, to[2] = colour.blue;
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
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, reinterpret_cast<png_const_bytep>("tRNS"), 1);
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

PictureShape png_shape(Bytes file) {
  State state;
  process(state, file);
  if (state.shape.height == 0) throw DamagedPicture(state.reason);
  return state.shape;
}

void decode_png(Bytes file, std::span<std::uint8_t> pixels) {
  State state;
  state.pixels = pixels.data();
  process(state, file);
  if (!state.ended || state.rows_left != 0) throw DamagedPicture(state.reason);
}

}  // namespace elbo::data
