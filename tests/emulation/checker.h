#pragma once
// Checks every access of kernels compiled with -fsanitize=thread, by implementing the functions that this
// sanitizer calls: bounds to the byte, reads of bytes never written, and races between threads.
//
// Two accesses to one word race when at least one writes, not both are atomic, and nothing orders their
// threads. A barrier orders a block's threads, a warp collective a warp's; blocks are ordered only if both
// make atomics on one word, the second after the first.

#include <cstddef>

namespace elbo::emulation {

/// Records that a copy or a fill has written `bytes` at `memory`.
void mark_written(const void* memory, std::size_t bytes);
/// Records a copy within device memory: bytes that were never written stay so.
void copy_marks(const void* to, const void* from, std::size_t bytes);
/// Marks the memory as never written.
void forget(const void* memory, std::size_t bytes);
/// Whether an address is in the checker's own memory.
bool is_shadow(const void* address);
/// Whether any code of this program is instrumented.
bool checking();

}  // namespace elbo::emulation
