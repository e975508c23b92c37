#pragma once
// Rules by which a formula is written once for float (kernels, host), double (tests) and vectors of floats on
// the CPU.
//
// A formula is a template over its value type V. It uses operators, V(constant) and the functions of
// math/elementary.h, and is in `namespace ELBO_FORMULAS`, which is elbo::math. On the CPU, ops/simd.h
// includes the formula headers again for every instruction set that Highway compiles an op for. It does so
// within that set's compilation region, with ELBO_VECTOR_PASS defined and ELBO_FORMULAS as elbo::math::<the
// set>. So a formula header:
// - is guarded by `#if !defined(ITS_GUARD) || defined(ELBO_VECTOR_PASS)`;
// - includes only formula.h, elementary.h and headers with `#pragma once`; a header that chooses among
// formulas includes their headers, and ops/simd.h includes it instead of them;
// - has templates and types only, no state.

#include "math/host_device.h"

#define ELBO_FORMULAS elbo::math
