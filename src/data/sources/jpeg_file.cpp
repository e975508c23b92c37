// JPEG by libjpeg-turbo.

#include <cstddef>
#include <cstdio>  // jpeglib.h needs it first

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <iterator>

#include "data/sources/picture_decoder.h"

namespace elbo::data {
namespace {

/// The limit of cjpeg's scan scripts. A scan may take a few bytes in the file and yet a pass over the whole
/// picture.
constexpr int kMaxScans = 100;
/// More than the coefficients of the largest accepted picture take.
constexpr long kMaxMemory = 1L << 30;

/// libjpeg's structures and their results.
struct State {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf back;
  char reason[JMSG_LENGTH_MAX];
  PictureShape shape;
};

[[noreturn]] void fail(j_common_ptr jpeg) {
  auto& state = *static_cast<State*>(jpeg->client_data);
  jpeg->err->format_message(jpeg, state.reason);
  std::longjmp(state.back, 1);
}

/// Treats warnings as errors, because the pixels are then made up; a few harmless warnings are ignored.
void warn(j_common_ptr jpeg, int level) {
  const int code = jpeg->err->msg_code;
  // Some cameras leave bytes between the pixels and the next marker, which do no harm.
  if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
    fail(jpeg);
}

void say_nothing(j_common_ptr) {}

void limit_scans(j_common_ptr jpeg) {
  auto& state = *static_cast<State*>(jpeg->client_data);
  if (state.jpeg.input_scan_number <= kMaxScans) return;
  std::snprintf(state.reason, sizeof state.reason, "more than %d scans", kMaxScans);
  std::longjmp(state.back, 1);
}

void begin(State& state, Bytes file) {
  jpeg_create_decompress(&state.jpeg);
  state.jpeg.mem->max_memory_to_use = kMaxMemory;
  state.progress.progress_monitor = limit_scans;
  state.jpeg.progress = &state.progress;
  jpeg_mem_src(&state.jpeg, file.data(), file.size());
  jpeg_read_header(&state.jpeg, TRUE);
  const int components = state.jpeg.num_components;
  if (components != 1 && components != 3 && components != 4) {
    std::snprintf(state.reason, sizeof state.reason, "%d components: neither grey nor colour", components);
    std::longjmp(state.back, 1);
  }
  state.shape = {state.jpeg.image_height, state.jpeg.image_width, components == 1 ? 1 : 3};
}

/// Adds Huffman tables without codes where the file has none, so that a scan that uses them counts as
/// damaged. The library would use motion JPEG's default tables instead.
void add_empty_tables(jpeg_decompress_struct& jpeg) {
  const auto add = [&jpeg](JHUFF_TBL*& table) {
    if (table) return;
    table = jpeg_alloc_huff_table(reinterpret_cast<j_common_ptr>(&jpeg));
    std::fill(std::begin(table->bits), std::end(table->bits), UINT8{0});
    std::fill(std::begin(table->huffval), std::end(table->huffval), UINT8{0});
  };
  for (JHUFF_TBL*& table : jpeg.dc_huff_tbl_ptrs) add(table);
  for (JHUFF_TBL*& table : jpeg.ac_huff_tbl_ptrs) add(table);
}

/// Converts an ink and black to the remaining white.
std::uint8_t mix(unsigned ink, unsigned black, bool inverted) {
  if (!inverted) ink = 255 - ink, black = 255 - black;
  return static_cast<std::uint8_t>((ink * black + 127) / 255);
}

void read_cmyk(jpeg_decompress_struct& jpeg, std::uint8_t* pixels) {
  JSAMPARRAY row =
      jpeg.mem->alloc_sarray(reinterpret_cast<j_common_ptr>(&jpeg), JPOOL_IMAGE, 4 * jpeg.output_width, 1);
  while (jpeg.output_scanline < jpeg.output_height) {
    jpeg_read_scanlines(&jpeg, row, 1);
    for (const JSAMPLE* from = row[0]; from != row[0] + 4 * jpeg.output_width; from += 4) {
      for (int i = 0; i < 3; ++i) *pixels++ = mix(from[i], from[3], jpeg.saw_Adobe_marker);
    }
  }
}

void read_rows(jpeg_decompress_struct& jpeg, std::uint8_t* pixels) {
  const std::size_t stride =
      std::size_t{jpeg.output_width} * static_cast<std::size_t>(jpeg.output_components);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = pixels + jpeg.output_scanline * stride;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
}

void decode(State& state, std::uint8_t* pixels) {
  jpeg_decompress_struct& jpeg = state.jpeg;
  const bool inks = jpeg.num_components == 4;
  jpeg.out_color_space = inks ? JCS_CMYK : state.shape.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg.do_block_smoothing = FALSE;
  add_empty_tables(jpeg);
  jpeg_start_decompress(&jpeg);
  if (inks) {
    read_cmyk(jpeg, pixels);
  } else {
    read_rows(jpeg, pixels);
  }
  jpeg_finish_decompress(&jpeg);
}

/// Reads one file.
class Reader {
 public:
  Reader() {
    state_.jpeg.err = jpeg_std_error(&state_.errors);
    state_.jpeg.client_data = &state_;
    state_.errors.error_exit = fail;
    state_.errors.emit_message = warn;
    state_.errors.output_message = say_nothing;
  }
  ~Reader() { jpeg_destroy_decompress(&state_.jpeg); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Reads the picture into `pixels`, or the header alone if that is null. Throws DamagedPicture.
  PictureShape read(Bytes file, std::uint8_t* pixels) {
    // A marker may be preceded by fill bytes of 255.
    while (file.size() > 2 && file[1] == 0xFF) file = file.subspan(1);
    if (!process(file, pixels)) throw DamagedPicture(state_.reason);
    return state_.shape;
  }

 private:
  /// Returns whether libjpeg succeeded; if not, the state has the reason.
  bool process(Bytes file, std::uint8_t* pixels) {
    if (setjmp(state_.back)) return false;
    begin(state_, file);
    if (pixels) decode(state_, pixels);
    return true;
  }

  State state_{};
};

}  // namespace

bool is_jpeg(Bytes file) {
  std::size_t at = 0;
  while (at < file.size() && file[at] == 0xFF) ++at;
  return at > 0 && at < file.size() && file[at] == 0xD8;
}

PictureHeader jpeg_header(Bytes file) {
  return {.stored = Reader().read(file, nullptr), .orientation = jpeg_orientation(file)};
}

void decode_jpeg(Bytes file, std::span<std::uint8_t> pixels) {
  Reader().read(file, pixels.data());
}

}  // namespace elbo::data
