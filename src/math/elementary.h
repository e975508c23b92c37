// Functions for formulas (see math/formula.h): the standard functions for float and double, and functions
// built on them. A vector type brings its own select, comparisons, abs, floor, sqrt, exp, log and tanh
// (ops/simd.h).
#ifndef ELBO_MATH_ELEMENTARY_H
#define ELBO_MATH_ELEMENTARY_H

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "math/formula.h"

namespace ELBO_FORMULAS {

#ifndef ELBO_VECTOR_PASS
using std::abs;
using std::exp;
using std::floor;
using std::log;
using std::sqrt;
using std::tanh;

template <class V>
ELBO_HD inline V select(bool condition, V yes, V no) {
  return condition ? yes : no;
}
#endif

/// x limited to [low, high]; NaN stays NaN.
template <class V>
ELBO_HD inline V clamp(V x, V low, V high) {
  return select(x < low, low, select(x > high, high, x));
}

/// c0 + c1 x + … by Horner's rule.
template <class V>
ELBO_HD inline V polynomial(V, float last) {
  return V(last);
}
template <class V, class... Rest>
ELBO_HD inline V polynomial(V x, float first, Rest... rest) {
  return polynomial(x, rest...) * x + V(first);
}

/// log(1 + e) for e in [0, 1]: a minimax polynomial of log(1 + e)/e, relative error below 6e-9 before
/// rounding.
template <class V>
ELBO_HD inline V log1p_unit(V e) {
  return e * polynomial(e, 0.999999994656f, -0.499998926481f, 0.333297104989f, -0.249516162629f,
                        0.196632742572f, -0.152696670744f, 0.105436237954f, -0.0563736128301f,
                        0.019542527261f, -0.00317605701843f);
}

/// 1 − exp(−y) for y ≥ 0, with full relative precision for small y too. It then uses the Taylor series, whose
/// next term is y⁹/362880.
template <class V>
ELBO_HD inline V one_minus_exp(V y) {
  const V near = y * polynomial(y, 1.0f, -1.0f / 2, 1.0f / 6, -1.0f / 24, 1.0f / 120, -1.0f / 720,
                                1.0f / 5040, -1.0f / 40320);
  return select(y < V(0.5f), near, V(1.0f) - exp(-y));
}

/// 1 / (1 + exp(−x)), with full relative precision for negative x too.
template <class V>
ELBO_HD inline V logistic(V x) {
  const V e = exp(-abs(x));
  return select(x < V(0.0f), e, V(1.0f)) / (V(1.0f) + e);
}

/// The standard normal's density and distribution function at x.
template <class V>
struct NormalFunctions {
  V density, distribution;
};

/// Φ(−|x|) = exp(−x²/2) t h(t) with t = 1 / (1 + 0.35 |x|) and h a minimax polynomial, relative error below
/// 5e-8 before rounding, also in the tails. Φ(x) = ½ (1 + erf(x/√2)).
template <class V>
ELBO_HD inline NormalFunctions<V> normal_functions(V x) {
  const V t = V(1.0f) / (V(1.0f) + V(0.35f) * abs(x));
  const V e = exp(V(-0.5f) * x * x);
  const V tail =
      e * t *
      polynomial(t, 0.139618642871f, 0.13991480395f, 0.119417036073f, 0.107262773002f, -0.0274828895531f,
                 0.165801801531f, -0.261712669226f, 0.146950922175f, -0.0297704389966f);
  return {V(0.398942280401f) * e, select(x < V(0.0f), tail, V(1.0f) - tail)};
}

/// sin(2π w) for w in [−¼, ¼]: an odd minimax polynomial, relative error below 2e-10 before rounding.
template <class V>
ELBO_HD inline V sine_of_quarter_turns(V w) {
  return w * polynomial(w * w, 6.28318530707f, -41.3417021167f, 81.605226174f, -76.704279876f, 42.0097793032f,
                        -14.3939662955f);
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_ELEMENTARY_H
