#pragma once
// The device API for kernels: the thread's place in the grid, shared memory, barriers, warp collectives,
// atomics, intrinsics; and the launch.

#include <math.h>  // declares names without std::, like nvcc

#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>
#include <vector>

#include "emulation/types.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
/// Marks a function of the emulation that is compiled along with kernels: its accesses are not checked.
#define ELBO_UNCHECKED __attribute__((noinline, no_sanitize("thread")))

// Set by the scheduler whenever it switches to another thread of the grid.
extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
inline constexpr int warpSize = 32;

namespace elbo::emulation {

/// The block's dynamic shared memory; `bytes` must not exceed the launch's.
void* shared_memory(std::size_t bytes);
void block_barrier(const char* file, int line);

enum class Shuffle { index, up, down, exclusive_or };
/// `bits` of another lane. All 32 lanes call it together.
std::uint64_t warp_shuffle(std::uint64_t bits, unsigned mask, Shuffle shuffle, int operand, const char* file,
                           int line);
/// One bit per lane. All 32 lanes call it together.
unsigned warp_ballot(bool condition, unsigned mask, const char* file, int line);

/// Room for `bytes` of each lane, in order. A lane writes its own part and, after warp_gathered(), may read
/// all parts until its next collective.
std::byte* warp_gathering(std::size_t bytes);
void warp_gathered(const char* file, int line);

/// Records that a graph's node reads device memory before it waits for the nodes before it.
void note_early_read(const void* memory, std::size_t bytes);

/// The two halves of an atomic of 4 or 8 bytes: no other thread runs between them, and the checker sees one
/// access.
std::uint64_t atomic_read(const void* address, std::size_t bytes);
void atomic_write(void* address, std::size_t bytes, std::uint64_t bits);

/// One argument's bytes, for the check that its pointers are to device memory.
struct Argument {
  std::vector<std::byte> bytes;
  bool is_pointer = false;
};

/// A kernel bound to its arguments; run() is one thread of it.
struct Body {
  virtual ~Body() = default;
  virtual void run() const = 0;
};
template <class... Parameters>
struct BoundBody final : Body {
  void (*kernel)(Parameters...);
  std::tuple<Parameters...> parameters;

  BoundBody(void (*kernel)(Parameters...), const Parameters&... parameters)
      : kernel(kernel), parameters(parameters...) {}
  void run() const override { std::apply(kernel, parameters); }
};

/// A queued or recorded launch.
struct Kernel {
  std::shared_ptr<const Body> body;
  std::size_t body_bytes = 0;
  std::vector<Argument> arguments;
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  const char* file = "";
  int line = 0;
};
cudaError_t enqueue(Kernel kernel, cudaStream_t stream);

template <class T>
Argument argument(T value) {
  __builtin_clear_padding(&value);  // padding may look like a pointer
  Argument copy{std::vector<std::byte>(sizeof(T)), std::is_pointer_v<T>};
  std::memcpy(copy.bytes.data(), &value, sizeof(T));
  return copy;
}

template <class... Parameters>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes,
                   cudaStream_t stream, const char* file, int line,
                   std::type_identity_t<Parameters>... parameters) {
  using Bound = BoundBody<Parameters...>;
  return enqueue({std::make_shared<const Bound>(kernel, parameters...),
                  sizeof(Bound),
                  {argument(parameters)...},
                  grid,
                  block,
                  shared_bytes,
                  file,
                  line},
                 stream);
}

template <class T>
T shuffle(T value, unsigned mask, Shuffle kind, int operand, const char* file, int line) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "a value of 4 or 8 bytes");
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(
      static_cast<Bits>(warp_shuffle(std::bit_cast<Bits>(value), mask, kind, operand, file, line)));
}

/// `value` of every lane. All 32 lanes call it together; the result is valid until the lane's next
/// collective.
template <class T>
ELBO_UNCHECKED const T* warp_gather(const T& value, const char* file = __builtin_FILE(),
                                    int line = __builtin_LINE()) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 16);
  std::byte* const values = warp_gathering(sizeof(T));
  std::memcpy(values + sizeof(T) * (threadIdx.x % 32), &value, sizeof(T));
  warp_gathered(file, line);
  return reinterpret_cast<const T*>(values);
}

template <class T, class Update>
T atomic_update(T* address, Update update) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8), "a value of 4 or 8 bytes");
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const T before = std::bit_cast<T>(static_cast<Bits>(atomic_read(address, sizeof(T))));
  atomic_write(address, sizeof(T), std::bit_cast<Bits>(static_cast<T>(update(before))));
  return before;
}

}  // namespace elbo::emulation

#define ELBO_EMULATION_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(ELBO_EMULATION_PLACE) {
  elbo::emulation::block_barrier(file, line);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, ELBO_EMULATION_PLACE) {
  elbo::emulation::warp_ballot(false, mask, file, line);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, ELBO_EMULATION_PLACE) {
  return elbo::emulation::shuffle(value, mask, elbo::emulation::Shuffle::index, lane, file, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, ELBO_EMULATION_PLACE) {
  return elbo::emulation::shuffle(value, mask, elbo::emulation::Shuffle::exclusive_or, lanes, file, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, ELBO_EMULATION_PLACE) {
  return elbo::emulation::shuffle(value, mask, elbo::emulation::Shuffle::up, static_cast<int>(lanes), file,
                                  line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, ELBO_EMULATION_PLACE) {
  return elbo::emulation::shuffle(value, mask, elbo::emulation::Shuffle::down, static_cast<int>(lanes), file,
                                  line);
}
inline unsigned __ballot_sync(unsigned mask, bool condition, ELBO_EMULATION_PLACE) {
  return elbo::emulation::warp_ballot(condition, mask, file, line);
}
inline int __any_sync(unsigned mask, bool condition, ELBO_EMULATION_PLACE) {
  return elbo::emulation::warp_ballot(condition, mask, file, line) != 0;
}
inline int __all_sync(unsigned mask, bool condition, ELBO_EMULATION_PLACE) {
  return elbo::emulation::warp_ballot(condition, mask, file, line) == 0xffffffffu;
}
#undef ELBO_EMULATION_PLACE

inline void __threadfence() {}
inline void __threadfence_block() {}

template <class T>
T atomicAdd(T* address, std::type_identity_t<T> value) {
  return elbo::emulation::atomic_update(address, [=](T old) { return old + value; });
}
template <class T>
T atomicMax(T* address, std::type_identity_t<T> value) {
  return elbo::emulation::atomic_update(address, [=](T old) { return value > old ? value : old; });
}
template <class T>
T atomicMin(T* address, std::type_identity_t<T> value) {
  return elbo::emulation::atomic_update(address, [=](T old) { return value < old ? value : old; });
}
template <class T>
T atomicExch(T* address, std::type_identity_t<T> value) {
  return elbo::emulation::atomic_update(address, [=](T) { return value; });
}
template <class T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  return elbo::emulation::atomic_update(address, [=](T old) { return old == expected ? value : old; });
}

template <class T>
T __ldg(const T* address) {
  return *address;
}
inline float __fmaf_rn(float a, float b, float c) {
  return std::fma(a, b, c);
}
inline float __expf(float x) {
  return std::exp(x);
}
inline float __logf(float x) {
  return std::log(x);
}
inline float __fdividef(float a, float b) {
  return a / b;
}
inline float rsqrtf(float x) {
  return 1.0f / std::sqrt(x);
}
inline int __float_as_int(float x) {
  return std::bit_cast<int>(x);
}
inline float __int_as_float(int x) {
  return std::bit_cast<float>(x);
}
inline unsigned __float_as_uint(float x) {
  return std::bit_cast<unsigned>(x);
}
inline float __uint_as_float(unsigned x) {
  return std::bit_cast<float>(x);
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}
inline int __popc(unsigned x) {
  return std::popcount(x);
}
inline int __clz(int x) {
  return std::countl_zero(static_cast<unsigned>(x));
}
inline int __ffs(int x) {
  return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1;
}
inline int min(int a, int b) {
  return b < a ? b : a;
}
inline int max(int a, int b) {
  return b > a ? b : a;
}
inline unsigned min(unsigned a, unsigned b) {
  return b < a ? b : a;
}
inline unsigned max(unsigned a, unsigned b) {
  return b > a ? b : a;
}
inline long min(long a, long b) {
  return b < a ? b : a;
}
inline long max(long a, long b) {
  return b > a ? b : a;
}
