#pragma once
// Asynchronous copies from global to shared memory, without registers (cp.async).

#include "grid_dependency.cuh"
#include "platform.cuh"

namespace elbo::cuda::arch {

/// A thread's copies. It collects them into groups and later waits for a group. The copied values are visible
/// to the thread itself after wait(), and to its block's other threads after a following barrier.
///
/// The emulation writes twice: NaN when the copy starts, the values when it is waited for. So its checker
/// sees a race if a thread reads in between, or if a copy overwrites memory that others still read. At most
/// kMaxPending copies may be pending in the emulation.
template <int kMaxPending>
class AsyncCopies {
 public:
  /// Waits for the previous grids. Copies before must be of memory that these do not write; the emulation
  /// checks that of a graph's nodes.
  __device__ void wait_for_previous_grid() {
    arch::wait_for_previous_grid();
#if !defined(__CUDACC__)
    early_ = false;
#endif
  }

  /// Four floats, of which the first `count` (0 to 4) exist; zeros stand in for the others. Both addresses
  /// are multiples of 16 bytes.
  __device__ void copy4(float* to, const float* from, int count) {
#if defined(__CUDACC__)
    const auto address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(address), "l"(from), "r"(4 * count)
                 : "memory");
#else
    *reinterpret_cast<float4*>(to) = {kNotYet, kNotYet, kNotYet, kNotYet};
    push({to, from, count, 4, 0});
#endif
  }

  /// Four floats that all exist.
  __device__ void copy4(float* to, const float* from) {
#if defined(__CUDACC__)
    const auto address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(address), "l"(from) : "memory");
#else
    copy4(to, from, 4);
#endif
  }

  /// Four floats, or zeros if they do not exist. `from` may be read in either case.
  __device__ void copy4_or_zeros(float* to, const float* from, bool exist) {
#if defined(__CUDACC__)
    const auto address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile(
        "{\n"
        ".reg .pred absent;\n"
        "setp.eq.u32 absent, %2, 0;\n"
        "cp.async.cg.shared.global [%0], [%1], 16, absent;\n"
        "}\n" ::"r"(address),
        "l"(from), "r"(static_cast<unsigned>(exist))
        : "memory");
#else
    copy4(to, from, exist ? 4 : 0);
#endif
  }

  /// One float, or zero if it does not exist.
  __device__ void copy1(float* to, const float* from, bool exists) {
#if defined(__CUDACC__)
    const auto address = static_cast<unsigned>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(address), "l"(from),
                 "r"(exists ? 4 : 0)
                 : "memory");
#else
    *to = kNotYet;
    push({to, from, exists ? 1 : 0, 1, 0});
#endif
  }

  /// Makes the copies since the last commit a group, which may be empty.
  __device__ void commit() {
#if defined(__CUDACC__)
    asm volatile("cp.async.commit_group;\n" ::: "memory");
#else
    end_group();
#endif
  }

  /// Waits until all groups but the `kGroups` latest have arrived.
  template <int kGroups>
  __device__ void wait() {
#if defined(__CUDACC__)
    asm volatile("cp.async.wait_group %0;\n" ::"n"(kGroups) : "memory");
#else
    for (Copy copy = next_due(kGroups); copy.to; copy = next_due(kGroups)) {
      if (copy.width == 4 && copy.count == 4) {
        *reinterpret_cast<float4*>(copy.to) = *reinterpret_cast<const float4*>(copy.from);
      } else {
        for (int i = 0; i < copy.width; ++i) copy.to[i] = i < copy.count ? copy.from[i] : 0.0f;
      }
    }
#endif
  }

#if !defined(__CUDACC__)
 private:
  static constexpr float kNotYet = __builtin_nanf("");
  struct Copy {
    float* to = nullptr;
    const float* from = nullptr;
    int count = 0, width = 0, group = 0;
  };

  ELBO_UNCHECKED void push(Copy copy) {
    if (early_)
      ::elbo::emulation::note_early_read(copy.from, sizeof(float) * static_cast<std::size_t>(copy.count));
    copy.group = groups_;
    copies_[end_++ % kMaxPending] = copy;
  }
  ELBO_UNCHECKED void end_group() {
    ++groups_;
  }
  ELBO_UNCHECKED Copy next_due(int groups) {
    if (begin_ == end_ || copies_[begin_ % kMaxPending].group >= groups_ - groups) return {};
    return copies_[begin_++ % kMaxPending];
  }

  Copy copies_[kMaxPending];
  unsigned begin_ = 0, end_ = 0;
  int groups_ = 0;
  bool early_ = true;  ///< the previous grids may still run
#endif
};

}  // namespace elbo::cuda::arch
