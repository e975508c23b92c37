#pragma once
// How a formula is written once, for float (kernels, host), for double (tests) and for vectors of floats on
// the CPU.
//
// A formula is a template over its value type V. It uses operators, V(constant), and the functions of
// math/elementary.h, and stands in `namespace ELBO_FORMULAS`, which is elbo::math. On the CPU, ops/simd.h
// includes the formula headers again for every instruction set that Highway compiles an op for, with
// ELBO_VECTOR_PASS defined, within that set's compilation region, where ELBO_FORMULAS is elbo::math::<the
// set>. So a formula header:
// - is guarded by `#if !defined(ITS_GUARD) || defined(ELBO_VECTOR_PASS)`;
// - includes only formula.h and elementary.h, and headers that have `#pragma once`; one that chooses among
//   formulas includes theirs, and stands for them in ops/simd.h;
// - has templates and types alone, no state.

#include "math/host_device.h"

#define ELBO_FORMULAS elbo::math
