// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), the
// addresses of elbo's noise, and its transforms. A formula header (see math/formula.h): U is std::uint32_t,
// or a vector of them.
//
// Every random number is a pure function of its address: seed, purpose, stream (0 except for layers that
// draw), time (step or epoch), example (index in the dataset) and dimension. The seed is the key; the
// counter's words 2 and 3 are (purpose << 56) | (stream << 48) | example, its words 0 and 1 are (time << 24)
// | (dimension / 4), and the number is output word dimension % 4. cuRAND gives the same words for
// curand_init(seed, noise_subsequence(…), 4 · noise_block(…), &state), then curand4(&state).
#if !defined(ELBO_MATH_PHILOX_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_PHILOX_H

#include "math/elementary.h"
#include "math/step_state.h"

namespace ELBO_FORMULAS {

#ifndef ELBO_VECTOR_PASS

/// Dimensions are below this number. Samples count too: sample k's dimension d is k · latent + d.
inline constexpr std::int64_t kNoiseDimensions = std::int64_t{1} << 26;

/// Number of streams of a purpose, which keep layers of one kind apart.
inline constexpr std::int64_t kNoiseStreams = 256;

/// Counter words 2 and 3; example < 2⁴⁸.
ELBO_HD inline std::uint64_t noise_subsequence(NoisePurpose purpose, std::int64_t example,
                                               std::int64_t stream = 0) {
  return (static_cast<std::uint64_t>(purpose) << 56) | (static_cast<std::uint64_t>(stream) << 48) |
         static_cast<std::uint64_t>(example);
}
/// Counter words 0 and 1; time < 2³⁸.
ELBO_HD inline std::uint64_t noise_block(std::uint64_t time, std::int64_t dimension) {
  return (time << 24) | static_cast<std::uint64_t>(dimension / 4);
}

/// Returns the upper half of a · b and writes the lower half to `low`.
ELBO_HD inline std::uint32_t multiply_wide(std::uint32_t a, std::uint32_t b, std::uint32_t& low) {
  const std::uint64_t product = static_cast<std::uint64_t>(a) * b;
  low = static_cast<std::uint32_t>(product);
  return static_cast<std::uint32_t>(product >> 32);
}
/// ⌊word / 2⌋, and the word as a signed number, rounded to a float.
ELBO_HD inline float half_as_float(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word >> 1));
}
ELBO_HD inline float signed_as_float(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word));
}

/// ⌊word / 2⁸⌋: 24 bits, which a float holds exactly.
ELBO_HD inline float upper_as_float(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word >> 8));
}

#endif

template <class U>
struct PhiloxWords {
  U word[4];
};

/// Ten rounds over the counter c with the key (k0, k1).
template <class U>
ELBO_HD inline PhiloxWords<U> philox4x32(PhiloxWords<U> c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    U low0, low2;
    const U high0 = multiply_wide(c.word[0], 0xD2511F53u, low0);
    const U high2 = multiply_wide(c.word[2], 0xCD9E8D57u, low2);
    c = {{high2 ^ c.word[1] ^ U(k0), low2, high0 ^ c.word[3] ^ U(k1), low0}};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

/// A uniform number in [0, 1), a multiple of 2⁻²⁴: `uniform(word) < p` has probability p, also for p = 0 and
/// p = 1.
template <class U>
ELBO_HD inline auto uniform(U word) {
  const auto upper = upper_as_float(word);
  using V = std::remove_const_t<decltype(upper)>;
  return upper * V(0x1p-24f);
}

template <class V>
struct NormalPair {
  V first, second;
};

/// Two independent standard normals from two words (Box & Muller 1958). The first word gives the radius, as a
/// 31-bit number in (0, 1]; the second gives the angle, as a signed fraction of a turn.
template <class U>
ELBO_HD inline auto normals(U radius_word, U angle_word) {
  const auto u = half_as_float(radius_word);
  using V = std::remove_const_t<decltype(u)>;
  const V radius = sqrt(V(-2.0f) * log(u * V(0x1p-31f) + V(0x1p-32f)));
  const V turns = signed_as_float(angle_word) * V(0x1p-32f);
  const V size = abs(turns);
  const V quarter(0.25f);
  const V cosine = sine_of_quarter_turns(quarter - size);
  const V sine = sine_of_quarter_turns(quarter - abs(size - quarter));
  return NormalPair<V>{radius * cosine, radius * select(turns < V(0.0f), -sine, sine)};
}

/// The four normals of a block's words, in the order of their dimensions.
template <class U, class V>
ELBO_HD inline void normals(const PhiloxWords<U>& words, V (&n)[4]) {
  const auto a = normals(words.word[0], words.word[1]);
  const auto b = normals(words.word[2], words.word[3]);
  n[0] = a.first;
  n[1] = a.second;
  n[2] = b.first;
  n[3] = b.second;
}

#ifndef ELBO_VECTOR_PASS

/// The four words at one address.
ELBO_HD inline PhiloxWords<std::uint32_t> noise_words(std::uint64_t seed, std::uint64_t subsequence,
                                                      std::uint64_t block) {
  return philox4x32<std::uint32_t>(
      {{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
        static_cast<std::uint32_t>(subsequence), static_cast<std::uint32_t>(subsequence >> 32)}},
      static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

#endif

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_PHILOX_H
