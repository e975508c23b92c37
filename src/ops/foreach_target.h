// Highway's foreach_target.h without two kinds of instruction sets: those whose vectors have no size at
// compile time, which ops/simd.h cannot wrap, and SSSE3, which is the best set of few machines. Like
// Highway's header, it needs HWY_TARGET_INCLUDE to be defined first.
#ifndef HWY_DISABLED_TARGETS
#ifdef ELBO_FEW_INSTRUCTION_SETS
#define HWY_DISABLED_TARGETS \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3 | HWY_SSE4 | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3)
#endif
#endif
#include <hwy/foreach_target.h>
