#include "shadow.h"

#include <sys/mman.h>

#include <cstring>

#include "checker.h"

namespace elbo::emulation {

Shadow shadow;

bool Shadow::prepare() {
  if (ready()) return true;
  const auto reserve = [](std::size_t bytes) {
    void* memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
  };
  written = static_cast<std::uint8_t*>(reserve(kWrittenBytes));
  words = static_cast<Word*>(reserve(kWordsBytes));
  if (written && words) heap = &Heap::instance();
  return ready();
}

void Shadow::mark(std::size_t offset, std::size_t bytes, bool value) {
  const auto one = [&](std::size_t at) {
    const auto bit = static_cast<std::uint8_t>(1u << (at % 8));
    written[at / 8] = static_cast<std::uint8_t>(value ? written[at / 8] | bit : written[at / 8] & ~bit);
  };
  for (; bytes > 0 && offset % 8 != 0; ++offset, --bytes) one(offset);
  std::memset(written + offset / 8, value ? 0xff : 0, bytes / 8);
  for (offset += bytes / 8 * 8, bytes %= 8; bytes > 0; ++offset, --bytes) one(offset);
}

bool checking() {
  return shadow.ready();
}

bool is_shadow(const void* address) {
  const auto within = [address](const void* begin, std::size_t bytes) {
    return static_cast<std::size_t>(static_cast<const char*>(address) - static_cast<const char*>(begin)) <
           bytes;
  };
  return shadow.ready() &&
         (within(shadow.words, Shadow::kWordsBytes) || within(shadow.written, Shadow::kWrittenBytes));
}

void mark_written(const void* memory, std::size_t bytes) {
  if (shadow.ready() && shadow.heap->contains(memory)) shadow.mark(shadow.heap->offset(memory), bytes, true);
}

void copy_marks(const void* to, const void* from, std::size_t bytes) {
  if (!shadow.ready()) return;
  const std::size_t target = shadow.heap->offset(to);
  const std::size_t source = shadow.heap->offset(from);
  std::size_t done = 0;
  if (target % 8 == 0 && source % 8 == 0) {
    std::memcpy(shadow.written + target / 8, shadow.written + source / 8, bytes / 8);
    done = bytes / 8 * 8;
  }
  for (; done < bytes; ++done) shadow.mark(target + done, 1, shadow.is_written(source + done));
}

void forget(const void* memory, std::size_t bytes) {
  if (!shadow.ready()) return;
  const std::size_t offset = shadow.heap->offset(memory);
  shadow.mark(offset, bytes, false);
  if (offset >= Heap::kShared) madvise(shadow.words + offset / 4, bytes / 4 * sizeof(Word), MADV_DONTNEED);
}

}  // namespace elbo::emulation
