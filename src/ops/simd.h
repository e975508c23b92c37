// Vectors of floats on the CPU with the operators and functions of a formula (math/formula.h), and the
// formulas for them. An op includes it after ops/foreach_target.h. Everything is in
// elbo::math::HWY_NAMESPACE, once per instruction set.
#include <cstddef>
#include <cstdint>
#include <limits>

#include "math/activations.h"
#include "math/code_penalty.h"
#include "math/corruption.h"
#include "math/elementary.h"
#include "math/formula.h"
#include "math/gating.h"
#include "math/likelihoods/list.h"
#include "math/normalization.h"
#include "math/philox.h"
#include "math/posterior.h"
#include "math/update.h"

#if defined(ELBO_OPS_SIMD_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELBO_OPS_SIMD_H
#undef ELBO_OPS_SIMD_H
#else
#define ELBO_OPS_SIMD_H
#endif

#include <hwy/highway.h>
// Highway's own headers must come first.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace elbo::math::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A register of floats.
struct Floats {
  using Tag = hn::ScalableTag<float>;
  using Vector = hn::Vec<Tag>;
  using Mask = hn::Mask<Tag>;
  /// Number of floats; known at compile time for the targets in use.
  static constexpr std::int64_t kLanes = hn::MaxLanes(Tag());

  Vector v;

  Floats() = default;
  HWY_INLINE Floats(Vector vector) : v(vector) {}
  HWY_INLINE explicit Floats(float value) : v(hn::Set(Tag(), value)) {}

  static HWY_INLINE Floats load(const float* from) { return hn::LoadU(Tag(), from); }
  HWY_INLINE void store(float* to) const { hn::StoreU(v, Tag(), to); }

  /// Loads the first `count` < kLanes floats, followed by zeros; reads no other memory.
  static HWY_INLINE Floats load_first(const float* from, std::int64_t count) {
#if HWY_MEM_OPS_MIGHT_FAULT
    HWY_ALIGN float lanes[kLanes] = {};
    for (std::int64_t i = 0; i < count; ++i) lanes[i] = from[i];
    return hn::Load(Tag(), lanes);
#else
    return hn::MaskedLoad(first(count), Tag(), from);
#endif
  }
  HWY_INLINE void store_first(float* to, std::int64_t count) const {
#if HWY_MEM_OPS_MIGHT_FAULT
    HWY_ALIGN float lanes[kLanes];
    hn::Store(v, Tag(), lanes);
    for (std::int64_t i = 0; i < count; ++i) to[i] = lanes[i];
#else
    hn::BlendedStore(v, first(count), Tag(), to);
#endif
  }
  /// Stores a_0 b_0 c_0 d_0 a_1 …: 4 · kLanes floats.
  static HWY_INLINE void store_interleaved(const Floats (&n)[4], float* to) {
    hn::StoreInterleaved4(n[0].v, n[1].v, n[2].v, n[3].v, Tag(), to);
  }
  HWY_INLINE Floats keep_first(std::int64_t count) const {
    return hn::IfThenElseZero(first(count), v);
  }
  /// The sum of all lanes, in a fixed order.
  HWY_INLINE float sum() const {
    return hn::GetLane(hn::SumOfLanes(Tag(), v));
  }

 private:
  static HWY_INLINE Mask first(std::int64_t count) {
    return hn::FirstN(Tag(), static_cast<std::size_t>(count));
  }
};

HWY_INLINE Floats operator+(Floats a, Floats b) {
  return hn::Add(a.v, b.v);
}
HWY_INLINE Floats operator-(Floats a, Floats b) {
  return hn::Sub(a.v, b.v);
}
HWY_INLINE Floats operator*(Floats a, Floats b) {
  return hn::Mul(a.v, b.v);
}
HWY_INLINE Floats operator/(Floats a, Floats b) {
  return hn::Div(a.v, b.v);
}
HWY_INLINE Floats operator-(Floats a) {
  return hn::Neg(a.v);
}
HWY_INLINE Floats& operator+=(Floats& a, Floats b) {
  return a = a + b;
}

HWY_INLINE Floats::Mask operator<(Floats a, Floats b) {
  return hn::Lt(a.v, b.v);
}
HWY_INLINE Floats::Mask operator<=(Floats a, Floats b) {
  return hn::Le(a.v, b.v);
}
HWY_INLINE Floats::Mask operator>(Floats a, Floats b) {
  return hn::Gt(a.v, b.v);
}
HWY_INLINE Floats::Mask operator==(Floats a, Floats b) {
  return hn::Eq(a.v, b.v);
}

HWY_INLINE Floats select(Floats::Mask condition, Floats yes, Floats no) {
  return hn::IfThenElse(condition, yes.v, no.v);
}

HWY_INLINE Floats abs(Floats x) {
  return hn::Abs(x.v);
}
HWY_INLINE Floats floor(Floats x) {
  return hn::Floor(x.v);
}
HWY_INLINE Floats sqrt(Floats x) {
  return hn::Sqrt(x.v);
}

// Highway's functions return numbers for NaN and for arguments outside their range; these return what <cmath>
// does.

HWY_INLINE Floats exp(Floats x) {
  const Floats limit(88.72283f);  // log of the largest float
  const Floats y = hn::Exp(Floats::Tag(), hn::Min(x.v, limit.v));
  const Floats bounded = select(x > limit, Floats(std::numeric_limits<float>::infinity()), y);
  return select(x == x, bounded, x);
}

HWY_INLINE Floats log(Floats x) {
  const Floats infinity(std::numeric_limits<float>::infinity());
  const Floats y = hn::Log(Floats::Tag(), x.v);
  const Floats below = select(x == Floats(0.0f), -infinity, Floats(std::numeric_limits<float>::quiet_NaN()));
  const Floats finite = select(x > Floats(0.0f), y, below);
  return select(x < infinity, finite, x);  // the logarithm of infinity or NaN is itself
}

HWY_INLINE Floats tanh(Floats x) {
  const Floats y = hn::Tanh(Floats::Tag(), x.v);
  return select(x == x, y, x);
}

/// Ways to load and store a register: all floats, or only the first few at the end of a row.
struct AllLanes {
  HWY_INLINE Floats load(const float* from) const { return Floats::load(from); }
  HWY_INLINE void store(Floats x, float* to) const { x.store(to); }
  HWY_INLINE Floats keep(Floats x) const { return x; }
};
struct FirstLanes {
  std::int64_t count;
  HWY_INLINE Floats load(const float* from) const { return Floats::load_first(from, count); }
  HWY_INLINE void store(Floats x, float* to) const { x.store_first(to, count); }
  /// Sets lanes after the first `count` to zero.
  HWY_INLINE Floats keep(Floats x) const { return x.keep_first(count); }
};

/// Calls step(access, i) for the floats [0, count) of a row, one register from i on at a time.
template <class Step>
HWY_INLINE void for_lanes(std::int64_t count, const Step& step) {
  std::int64_t i = 0;
  for (; i + Floats::kLanes <= count; i += Floats::kLanes) step(AllLanes(), i);
  if (i < count) step(FirstLanes{count - i}, i);
}

/// A register of unsigned words, as many as a register has floats.
struct Words {
  using Tag = hn::ScalableTag<std::uint32_t>;
  using Vector = hn::Vec<Tag>;

  Vector v;

  Words() = default;
  HWY_INLINE Words(Vector vector) : v(vector) {}
  HWY_INLINE explicit Words(std::uint32_t value) : v(hn::Set(Tag(), value)) {}
  /// first, first + 1, … modulo 2³².
  static HWY_INLINE Words counting_from(std::uint32_t first) { return hn::Iota(Tag(), first); }
};

HWY_INLINE Words operator^(Words a, Words b) {
  return hn::Xor(a.v, b.v);
}
HWY_INLINE Words operator+(Words a, Words b) {
  return hn::Add(a.v, b.v);
}
/// 1 where a < b, else 0.
HWY_INLINE Words is_less(Words a, Words b) {
  return hn::IfThenElseZero(hn::Lt(a.v, b.v), Words(1u).v);
}

/// math::multiply_wide for each lane: multiplies even and odd lanes separately and merges the results.
HWY_INLINE Words multiply_wide(Words a, std::uint32_t b, Words& low) {
#if HWY_TARGET == HWY_SCALAR
  std::uint32_t low_word;
  const std::uint32_t high_word = math::multiply_wide(hn::GetLane(a.v), b, low_word);
  low = Words(low_word);
  return Words(high_word);
#else
  const hn::Repartition<std::uint64_t, Words::Tag> wide;
  const Words::Tag narrow;
  const auto factor = Words(b).v;
  const auto even = hn::MulEven(a.v, factor);
  const auto odd = hn::MulEven(hn::BitCast(narrow, hn::ShiftRight<32>(hn::BitCast(wide, a.v))), factor);
  low = hn::OddEven(hn::BitCast(narrow, hn::ShiftLeft<32>(odd)), hn::BitCast(narrow, even));
  return hn::OddEven(hn::BitCast(narrow, odd), hn::BitCast(narrow, hn::ShiftRight<32>(even)));
#endif
}

HWY_INLINE Floats signed_as_float(Words w) {
  return hn::ConvertTo(Floats::Tag(), hn::BitCast(hn::RebindToSigned<Words::Tag>(), w.v));
}
HWY_INLINE Floats half_as_float(Words w) {
  return signed_as_float(hn::ShiftRight<1>(w.v));
}
HWY_INLINE Floats upper_as_float(Words w) {
  return signed_as_float(hn::ShiftRight<8>(w.v));
}

}  // namespace elbo::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

// The formulas, compiled again for this instruction set.
#define ELBO_VECTOR_PASS
#undef ELBO_FORMULAS
#define ELBO_FORMULAS elbo::math::HWY_NAMESPACE
#undef ELBO_MATH_ELEMENTARY_H
HWY_BEFORE_NAMESPACE();
#include "math/elementary.h"
// Formulas that are built on elementary.h.
#include "math/activations.h"
#include "math/code_penalty.h"
#include "math/corruption.h"
#include "math/gating.h"
#include "math/likelihoods/list.h"
#include "math/normalization.h"
#include "math/philox.h"
#include "math/posterior.h"
#include "math/update.h"
HWY_AFTER_NAMESPACE();
#undef ELBO_VECTOR_PASS
#undef ELBO_FORMULAS
#define ELBO_FORMULAS elbo::math

#endif  // per-target guard
