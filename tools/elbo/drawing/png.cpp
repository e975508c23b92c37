#include "drawing/png.h"

#include <cstdlib>
#include <new>

#include "base/check.h"
#include "elbo/error.h"

namespace {

// stb_image_write does not ask whether it got its memory.
void* allocate_or_throw(void* old, std::size_t bytes) {
  void* memory = std::realloc(old, bytes);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

#define STBIW_MALLOC(bytes) allocate_or_throw(nullptr, bytes)
#define STBIW_REALLOC(old, bytes) allocate_or_throw(old, bytes)
#define STBIW_FREE(memory) std::free(memory)
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>

namespace elbo::command {

std::string encode_png(std::span<const std::uint8_t> pixels, std::int64_t width, std::int64_t height,
                       std::int64_t channels) {
  ELBO_CHECK(std::ssize(pixels) == width * height * channels, ShapeError, pixels.size(), " pixels for ",
             width, " x ", height, " x ", channels);
  std::string bytes;
  const auto append = [](void* context, void* data, int size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
  };
  if (!stbi_write_png_to_func(append, &bytes, static_cast<int>(width), static_cast<int>(height),
                              static_cast<int>(channels), pixels.data(),
                              static_cast<int>(channels * width))) {
    throw Error(concat("cannot encode a picture of ", width, " x ", height, " pixels as PNG."));
  }
  return bytes;
}

}  // namespace elbo::command
