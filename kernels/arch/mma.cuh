#pragma once
// Matrix products of a warp on tensor cores, in shapes that every GPU from sm_80 on has, and the rounding of
// their operands.
//
// A warp holds a [16, kDepth] piece of a, a [kDepth, 8] piece of b and a [16, 8] piece of c in its lanes'
// registers. With g = lane / 4 and t = lane % 4, a lane has
//   of c: (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1);
//   of a in TF32: (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4);       of b: (t, g), (t + 4, g);
//   of a in BF16, pairs from column on: (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8);
//   of b, pairs from row on: (2t, g), (2t + 8, g).
// Sums are fp32. The order and rounding of a tensor core's sums are not documented; products are exact.

#include "math/precision.h"
#include "platform.cuh"

namespace elbo::cuda::arch {

struct FragmentA {
  std::uint32_t bits[4];
};
struct FragmentB {
  std::uint32_t bits[2];
};

/// Rounds like math::round_to_tf32, except that the last 13 bits, which tensor cores ignore, are arbitrary. A
/// NaN becomes the instruction's canonical NaN: if only its last 13 mantissa bits were set, tensor cores
/// would take it for infinity.
__device__ inline std::uint32_t tf32_bits(float value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  std::uint32_t bits;
  asm("cvt.rn.tf32.f32 %0, %1;\n" : "=r"(bits) : "f"(value));
  return bits;
#elif defined(__CUDACC__)
  const std::uint32_t bits = __float_as_uint(value);
  return value != value ? 0x7fffffffu : bits + 0xfffu + (bits >> 13 & 1u);
#else
  return value != value ? 0x7fffffffu : __float_as_uint(math::round_to_tf32(value));
#endif
}

/// Two bfloat16, the first in the lower half, each rounded like math::round_to_bf16; NaN is treated as above.
__device__ inline std::uint32_t bf16_pair_bits(float first, float second) {
#if defined(__CUDACC__)
  std::uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(bits) : "f"(second), "f"(first));
  return bits;
#else
  const auto upper_half = [](float value) {
    return value != value ? 0x7fffu : __float_as_uint(math::round_to_bf16(value)) >> 16;
  };
  return upper_half(first) | upper_half(second) << 16;
#endif
}

/// A lane's four values of a unit [16, 8] of floats in shared memory, whose rows are `stride` floats apart
/// and multiples of 16 bytes: rows g and g + 8, columns t and t + 4, in the order of a's registers if kOfA,
/// else of two successive pieces of b. The whole warp calls it.
template <bool kOfA>
__device__ void load_pieces(float (&values)[4], const float* unit, int stride) {
  // The i-th [8, 4] matrix of the unit, in the order of the registers.
  const auto matrix = [&](int i) {
    return unit + (kOfA ? i % 2 : i / 2) * 8 * stride + (kOfA ? i / 2 : i % 2) * 4;
  };
  const int lane = static_cast<int>(threadIdx.x) % 32;
#if defined(__CUDACC__)
  const float* const row = matrix(lane / 8) + lane % 8 * stride;
  std::uint32_t bits[4];
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(bits[0]), "=r"(bits[1]), "=r"(bits[2]), "=r"(bits[3])
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)))
               : "memory");
  ELBO_UNROLL
  for (int i = 0; i < 4; ++i) values[i] = __uint_as_float(bits[i]);
#else
  for (int i = 0; i < 4; ++i) values[i] = matrix(i)[lane / 4 * stride + lane % 4];
#endif
}

struct Tf32 {
  static constexpr int kDepth = 8;

#if defined(__CUDACC__)
  static __device__ void multiply_add(float (&c)[4], const FragmentA& a, const FragmentB& b) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a.bits[0]), "r"(a.bits[1]), "r"(a.bits[2]), "r"(a.bits[3]), "r"(b.bits[0]), "r"(b.bits[1]));
  }
#else
  /// Lane and register that hold column k of a's row, or row k of b's column, and the value there.
  static constexpr int lane_of(int k) {
    return k % 4;
  }
  static constexpr int register_of(int k) {
    return k / 4;
  }
  static float value(std::uint32_t bits, int) {
    return __uint_as_float(bits);
  }
#endif
};

struct Bf16 {
  static constexpr int kDepth = 16;

#if defined(__CUDACC__)
  static __device__ void multiply_add(float (&c)[4], const FragmentA& a, const FragmentB& b) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a.bits[0]), "r"(a.bits[1]), "r"(a.bits[2]), "r"(a.bits[3]), "r"(b.bits[0]), "r"(b.bits[1]));
  }
#else
  static constexpr int lane_of(int k) {
    return k % 8 / 2;
  }
  static constexpr int register_of(int k) {
    return k / 8;
  }
  static float value(std::uint32_t bits, int k) {
    return __uint_as_float(k % 2 ? bits & 0xffff0000u : bits << 16);
  }
#endif
};

#if !defined(__CUDACC__)
/// One lane's operands of a warp's product of kDown × kAcross pieces.
template <int kDown, int kAcross>
struct LaneOperands {
  FragmentA a[kDown];
  FragmentB b[kAcross];
};
template <int kDown, int kAcross>
struct LaneSums {
  float c[kDown][kAcross][4];
};

/// One lane's part of the product, from all lanes' operands; k in order.
template <class Format, int kDown, int kAcross>
ELBO_UNCHECKED LaneSums<kDown, kAcross> add_lane_products(LaneSums<kDown, kAcross> sums,
                                                          const LaneOperands<kDown, kAcross>* lanes,
                                                          int lane) {
  const int group = lane / 4, place = lane % 4;
  for (int k = 0; k < Format::kDepth; ++k) {
    float cols[2 * kAcross];
    for (int j = 0; j < 2 * kAcross; ++j) {
      const auto& from = lanes[4 * (2 * place + j % 2) + Format::lane_of(k)].b[j / 2];
      cols[j] = Format::value(from.bits[Format::register_of(k)], k);
    }
    for (int i = 0; i < 2 * kDown; ++i) {
      const auto& from = lanes[4 * group + Format::lane_of(k)].a[i / 2];
      const float row = Format::value(from.bits[2 * Format::register_of(k) + i % 2], k);
      for (int j = 0; j < 2 * kAcross; ++j) sums.c[i / 2][j / 2][2 * (i % 2) + j % 2] += row * cols[j];
    }
  }
  return sums;
}
#endif

/// c += a b for kDown × kAcross pieces: c[i][j] += a[i] b[j]. The whole warp calls it.
template <class Format, int kDown, int kAcross>
__device__ void multiply_add(float (&c)[kDown][kAcross][4], const FragmentA (&a)[kDown],
                             const FragmentB (&b)[kAcross]) {
#if defined(__CUDACC__)
  ELBO_UNROLL
  for (int i = 0; i < kDown; ++i) {
    ELBO_UNROLL
    for (int j = 0; j < kAcross; ++j) Format::multiply_add(c[i][j], a[i], b[j]);
  }
#else
  LaneOperands<kDown, kAcross> own;
  std::memcpy(own.a, a, sizeof own.a);
  std::memcpy(own.b, b, sizeof own.b);
  LaneSums<kDown, kAcross> sums;
  std::memcpy(sums.c, c, sizeof sums.c);
  sums = add_lane_products<Format>(sums, ::elbo::emulation::warp_gather(own),
                                   static_cast<int>(threadIdx.x % 32));
  std::memcpy(c, sums.c, sizeof sums.c);
#endif
}

}  // namespace elbo::cuda::arch
