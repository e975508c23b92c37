#pragma once
// Looks at every access of a kernel that was compiled with -fsanitize=thread, whose calls it answers in place
// of that sanitizer's library: bounds to the byte, reads of bytes never written, and races between threads.
//
// Two accesses to one word race when at least one writes, not both are atomic, and nothing orders their
// threads. A barrier orders a block's threads, a warp collective a warp's; blocks are ordered only by an
// atomic that the second makes on a word on which the first has made one.

#include <cstddef>

namespace elbo::emulation {

/// `bytes` at `memory` have been written by a copy or a fill.
void mark_written(const void* memory, std::size_t bytes);
/// A copy between device memory: what was never written stays so.
void copy_marks(const void* to, const void* from, std::size_t bytes);
/// The memory is fresh again.
void forget(const void* memory, std::size_t bytes);
/// Whether an address is in the checker's own memory.
bool is_shadow(const void* address);
/// Whether any code of this program is instrumented.
bool checking();

}  // namespace elbo::emulation
