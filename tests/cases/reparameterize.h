#pragma once
// Cases of ops::reparameterize and its backward pass.

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "ops/reparameterize.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

namespace elbo::test {

/// The four words of the block at an address, from the documentation of math/philox.h: Philox4x32-10.
inline std::array<std::uint64_t, 4> reference_words(std::uint64_t seed, NoisePurpose purpose,
                                                    std::int64_t example, std::uint64_t time,
                                                    std::int64_t dimension) {
  const std::uint64_t block = (time << 24) + static_cast<std::uint64_t>(dimension / 4);
  const auto lower = [](std::uint64_t word) { return word & 0xffffffffu; };
  std::array<std::uint64_t, 4> c = {
      lower(block), block >> 32, lower(static_cast<std::uint64_t>(example)),
      (static_cast<std::uint64_t>(example) >> 32) + (static_cast<std::uint64_t>(purpose) << 24)};
  std::uint64_t key0 = lower(seed), key1 = seed >> 32;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = c[0] * 0xD2511F53u, b = c[2] * 0xCD9E8D57u;
    c = {(b >> 32) ^ c[1] ^ key0, lower(b), (a >> 32) ^ c[3] ^ key1, lower(a)};
    key0 = lower(key0 + 0x9E3779B9u);
    key1 = lower(key1 + 0xBB67AE85u);
  }
  return c;
}

/// The normal at an address: Box–Muller in float64, of the first word rounded to a float in (0, 1].
inline double reference_normal(std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
                               std::uint64_t time, std::int64_t dimension) {
  const auto c = reference_words(seed, purpose, example, time, dimension);
  const std::size_t pair = dimension % 4 < 2 ? 0 : 2;
  const auto u = static_cast<float>(static_cast<double>(c[pair] / 2) * 0x1p-31 + 0x1p-32);
  const double angle = 2.0 * std::numbers::pi * static_cast<double>(c[pair + 1]) * 0x1p-32;
  const double radius = std::sqrt(-2.0 * std::log(static_cast<double>(u)));
  return radius * (dimension % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

/// The uniform number in [0, 1) at an address: its word's upper 24 bits.
inline double reference_uniform(std::uint64_t seed, NoisePurpose purpose, std::int64_t example,
                                std::uint64_t time, std::int64_t dimension) {
  const auto c = reference_words(seed, purpose, example, time, dimension);
  return static_cast<double>(c[static_cast<std::size_t>(dimension % 4)] >> 8) * 0x1p-24;
}

/// The posterior and noise of both ops' cases.
struct ReparameterizeCase {
  std::int64_t examples = 1;
  std::int64_t latent = 1;
  std::int64_t samples = 1;
  std::int64_t first_sample = 0;
  bool addressed = false;  ///< example numbers and a time from the device
  bool sums = true;        ///< computes kl and log_ratio (forward), has weights (backward)
  bool weighted = false;   ///< backward: each sample's log_ratio has a weight, instead of the KL

  std::string name() const {
    return concat("n", examples, "_latent", latent, "_k", samples, first_sample ? "_later" : "",
                  addressed ? "_addressed" : "", sums ? "" : "_plain", weighted ? "_weighted" : "");
  }
  std::int64_t rows() const { return examples * samples; }

  struct Inputs {
    std::vector<float> mean, log_variance;
    std::vector<std::int64_t> numbers;
    std::vector<double> noise;  ///< [rows, latent]
    NoiseSource source;
  };
  /// Declares the posterior and the noise.
  Inputs inputs(OpRun& run, MatrixView<const float>& mean, MatrixView<const float>& log_variance) const {
    Random random(static_cast<std::uint64_t>(examples * 1000 + latent));
    Inputs in{random.normal(examples * latent), random.normal(examples * latent, -0.5, 1.0), {}, {}, {}};
    in.source.seed = 0x123456789abcdef0u;
    in.source.first_sample = first_sample;
    std::uint64_t time = 0;
    if (addressed) {
      in.source.purpose = NoisePurpose::importance;
      in.numbers = random.indices(examples, std::int64_t{1} << 36);
      in.source.examples = run.input<std::int64_t>("examples", in.numbers).data;
      time = (std::uint64_t{1} << 33) + 7;
      in.source.time = run.input<std::uint64_t>("time", {time}).data;
    }
    for (std::int64_t row = 0; row < rows(); ++row) {
      const std::int64_t i = row / samples;
      for (std::int64_t d = 0; d < latent; ++d) {
        in.noise.push_back(reference_normal(in.source.seed, in.source.purpose,
                                            addressed ? in.numbers[static_cast<std::size_t>(i)] : i, time,
                                            (first_sample + row % samples) * latent + d));
      }
    }
    mean = run.input<float>("mean", examples, latent, in.mean);
    log_variance = run.input<float>("log_variance", examples, latent, in.log_variance);
    return in;
  }
};

struct SampleCase : ReparameterizeCase {
  double flops() const { return 60.0 * static_cast<double>(rows() * latent); }  // mostly for the noise
  double bytes() const { return 4.0 * static_cast<double>(2 * examples * latent + rows() * latent); }

  void bind(OpRun& run) const {
    MatrixView<const float> mean, log_variance;
    const Inputs in = inputs(run, mean, log_variance);
    /// use(row, example, d, μ, log σ², ε)
    const auto for_each = [=, *this](auto use) {
      for (std::int64_t row = 0; row < rows(); ++row) {
        for (std::int64_t d = 0; d < latent; ++d) {
          const auto at = static_cast<std::size_t>(row / samples * latent + d);
          use(static_cast<std::size_t>(row), static_cast<std::size_t>(row / samples),
              static_cast<double>(in.mean[at]), static_cast<double>(in.log_variance[at]),
              in.noise[static_cast<std::size_t>(row * latent + d)]);
        }
      }
    };
    const auto z = run.output<float>("z", rows(), latent,
                                     [=] {
                                       std::vector<double> expected;
                                       for_each([&](std::size_t, std::size_t, double m, double s, double e) {
                                         expected.push_back(m + std::exp(0.5 * s) * e);
                                       });
                                       return expected;
                                     },
                                     {1e-5, 2e-6});
    VectorView<float> kl, log_ratio;
    if (sums) {
      kl = run.output<float>(
          "kl", examples,
          [=, *this] {
            std::vector<double> expected(static_cast<std::size_t>(examples));
            for_each([&](std::size_t, std::size_t i, double m, double s, double) {
              expected[i] += 0.5 * (m * m + std::exp(s) - s - 1.0) / static_cast<double>(samples);
            });
            return expected;
          },
          Tolerance::float_sum(static_cast<double>(latent), 4.0));
      log_ratio = run.output<float>(
          "log_ratio", rows(),
          [=, *this] {
            std::vector<double> expected(static_cast<std::size_t>(rows()));
            for_each([&](std::size_t row, std::size_t, double m, double s, double e) {
              const double value = m + std::exp(0.5 * s) * e;  // log N(z; μ, σ²) − log N(z; 0, 1)
              expected[row] += -0.5 * ((value - m) * (value - m) / std::exp(s) + s) + 0.5 * value * value;
            });
            return expected;
          },
          {2e-5 * std::sqrt(static_cast<double>(latent)), 4e-6});
    }
    run.operation = [=, source = in.source](Context& context) {
      ops::reparameterize(context, z, kl, log_ratio, mean, log_variance, source);
    };
  }
};

/// The weight of each KL term of a case: all of KlWeight if the case has sums, else the divisor alone; or, if
/// it is weighted, the weight of each sample's log_ratio.
struct KlTerms {
  static constexpr float kScale = 0.7f, kDivisor = 3.0f;
  bool sums, weighted;
  std::vector<float> per_row, per_dimension, per_sample;

  KlTerms(const ReparameterizeCase& of, Random& random)
      : sums(of.sums),
        weighted(of.weighted),
        per_row(random.uniform(of.examples, 0.0, 2.0)),
        per_dimension(random.uniform(of.latent, 0.0, 1.0)),
        per_sample(random.uniform(of.rows(), 0.0, 1.0)) {}

  ops::KlWeight bind(OpRun& run) const {
    ops::KlWeight weight;
    if (sums || weighted) weight.scale = run.input<float>("scale", std::vector<float>{kScale}).data;
    if (weighted) {
      weight.per_sample = run.input<float>("per_sample", per_sample);
    } else if (sums) {
      weight.per_row = run.input<float>("per_row", per_row);
      weight.per_dimension = run.input<float>("per_dimension", per_dimension);
    }
    return weight;
  }
  /// The weight of a KL term.
  double weight(std::int64_t example, std::int64_t dimension) const {
    if (weighted) return 0.0;
    if (!sums) return 1.0 / kDivisor;
    return double{kScale} * per_row[static_cast<std::size_t>(example)] *
           per_dimension[static_cast<std::size_t>(dimension)] / kDivisor;
  }
  /// The weight of a sample's log_ratio.
  double sample_weight(std::size_t row) const {
    return weighted ? double{kScale} * per_sample[row] / kDivisor : 0.0;
  }
};

struct SampleGradientCase : ReparameterizeCase {
  double flops() const { return 60.0 * static_cast<double>(rows() * latent); }
  double bytes() const { return 4.0 * static_cast<double>(4 * examples * latent + rows() * latent); }

  void bind(OpRun& run) const {
    MatrixView<const float> mean, log_variance;
    const Inputs in = inputs(run, mean, log_variance);
    Random random(99);
    const auto dz = random.normal(rows() * latent);
    const KlTerms terms(*this, random);
    const ops::KlWeight weight = terms.bind(run);
    // Finite differences of the objective's part that depends on (μ, log σ²) of dimension d of example i.
    const auto reference = [=, *this](std::size_t which) {
      return [=, *this] {
        std::vector<double> expected;
        for (std::int64_t i = 0; i < examples; ++i) {
          for (std::int64_t d = 0; d < latent; ++d) {
            const auto at = static_cast<std::size_t>(i * latent + d);
            const double c = terms.weight(i, d);
            const auto objective = [&](std::span<const double> p) {
              double sum = 0.5 * c * (p[0] * p[0] + std::exp(p[1]) - p[1] - 1.0);
              for (std::int64_t k = 0; k < samples; ++k) {
                const auto row = static_cast<std::size_t>(i * samples + k);
                const auto sample = row * static_cast<std::size_t>(latent) + static_cast<std::size_t>(d);
                const double z = p[0] + std::exp(0.5 * p[1]) * in.noise[sample];
                sum += dz[sample] * z + terms.sample_weight(row) * 0.5 * (z * z - p[1]);
              }
              return sum;
            };
            expected.push_back(finite_differences(objective, {in.mean[at], in.log_variance[at]})[which]);
          }
        }
        return expected;
      };
    };
    const Tolerance tolerance = Tolerance::float_sum(static_cast<double>(samples), 10.0);
    const auto dmean = run.output<float>("dmean", examples, latent, reference(0), tolerance);
    const auto dlog_variance = run.output<float>("dlog_variance", examples, latent, reference(1), tolerance);
    const MatrixView<const float> dz_view = run.input<float>("dz", rows(), latent, dz);
    run.operation = [=, source = in.source](Context& context) {
      ops::reparameterize_backward(context, dmean, dlog_variance, dz_view, mean, log_variance, weight,
                                   KlTerms::kDivisor, source);
    };
  }
};

}  // namespace elbo::test
