#pragma once
// A store of four floats as one instruction: in most epilogues the compiler splits an ordinary one into four.

#include "platform.cuh"

namespace elbo::cuda::arch {

/// Four floats to global memory, at a 16-byte aligned address.
__device__ inline void store_quad(float* to, float4 value) {
#if defined(__CUDACC__)
  const auto address = __cvta_generic_to_global(to);
  asm volatile("st.global.v4.f32 [%0], {%1, %2, %3, %4};\n" ::"l"(address), "f"(value.x), "f"(value.y),
               "f"(value.z), "f"(value.w)
               : "memory");
#else
  *reinterpret_cast<float4*>(to) = value;
#endif
}

}  // namespace elbo::cuda::arch
