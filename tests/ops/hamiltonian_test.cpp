// Hamiltonian Monte Carlo's parts against float64, and that its trajectories conserve energy and are
// reversible.

#include "ops/hamiltonian.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cases/hamiltonian.h"
#include "elbo/error.h"
#include "runtime/buffer.h"

namespace elbo::test {
namespace {

class HamiltonianLeapfrog : public testing::TestWithParam<LeapfrogCase> {};
TEST_P(HamiltonianLeapfrog, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, HamiltonianLeapfrog,
                         testing::Values(LeapfrogCase{1, 1}, LeapfrogCase{3, 17}, LeapfrogCase{17, 3, true},
                                         LeapfrogCase{130, 50}, LeapfrogCase{1000, 33, true}),
                         CaseName());

class Hamiltonian : public testing::TestWithParam<HamiltonianCase> {};
TEST_P(Hamiltonian, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, Hamiltonian,
                         testing::Values(HamiltonianCase{1, 1}, HamiltonianCase{3, 17},
                                         HamiltonianCase{17, 3}, HamiltonianCase{130, 50},
                                         HamiltonianCase{500, 784}),
                         CaseName());

class HamiltonianMetropolis : public testing::TestWithParam<MetropolisCase> {};
TEST_P(HamiltonianMetropolis, MatchesReference) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, HamiltonianMetropolis,
                         testing::Values(MetropolisCase{1, 1, 1}, MetropolisCase{3, 5, 17, true},
                                         MetropolisCase{17, 3, 3}, MetropolisCase{33, 16, 50, true}),
                         CaseName());

/// Chains with −log p(x|z) = ½ z², whose gradient is z: the energy is ½ v² + ½ (1 + t) z².
class HarmonicChains {
 public:
  static constexpr std::int64_t kLatent = 3;
  HarmonicChains()
      : z_(context_, kLatent), velocity_(context_, kLatent), energy_(context_, 1), nll_(context_, 1) {
    z_.upload(std::vector<float>{1.0f, -0.5f, 0.2f});
    velocity_.upload(std::vector<float>{0.3f, 1.0f, -1.2f});
  }
  void run(int steps, float size) {
    const auto z = z_.matrix(1, kLatent), velocity = velocity_.matrix(1, kLatent);
    ops::leapfrog(context_, z, velocity, z, 1.0f, 0.5f * size, size);
    for (int i = 1; i <= steps; ++i) {
      const bool last = i == steps;
      ops::leapfrog(context_, z, velocity, z, 1.0f, last ? 0.5f * size : size, last ? 0.0f : size);
    }
  }
  void turn_round() {
    auto velocity = velocity_.to_host();
    for (float& v : velocity) v = -v;
    velocity_.upload(velocity);
  }
  double energy() {
    float nll = 0;
    for (const float z : position()) nll += 0.5f * z * z;
    nll_.upload(std::vector<float>{nll});
    ops::hamiltonian(context_, energy_.view(), z_.matrix(1, kLatent), velocity_.matrix(1, kLatent),
                     nll_.view(), 1.0f);
    return energy_.to_host()[0];
  }
  std::vector<float> position() const { return z_.to_host(); }

 private:
  Context context_{device()};
  Buffer<float> z_, velocity_, energy_, nll_;
};

TEST(HamiltonianTrajectory, KeepsItsEnergyToTheSquareOfTheStep) {
  ELBO_REQUIRE_DEVICE();
  double error[2];
  for (const int fine : {0, 1}) {
    HarmonicChains chains;
    const double before = chains.energy();
    chains.run(fine ? 20 : 10, fine ? 0.05f : 0.1f);
    error[fine] = std::abs(chains.energy() - before);
  }
  EXPECT_LT(error[0], 0.02);
  EXPECT_NEAR(error[0] / error[1], 4.0, 0.8) << "second order";
}

TEST(HamiltonianTrajectory, BackwardsItEndsWhereItBegan) {
  ELBO_REQUIRE_DEVICE();
  HarmonicChains chains;
  const auto begin = chains.position();
  chains.run(15, 0.2f);
  EXPECT_GT(std::abs(chains.position()[0] - begin[0]), 0.1);
  chains.turn_round();
  chains.run(15, 0.2f);
  for (std::size_t d = 0; d < begin.size(); ++d) EXPECT_NEAR(chains.position()[d], begin[d], 1e-5);
}

TEST(HamiltonianChoice, RefusesEnergiesThatAreNoNumbers) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> z(context, 4), gradient(context, 4), nll(context, 4), proposed(context, 4),
      probability(context, 4);
  z.upload(std::vector<float>(4, 1.0f));
  gradient.fill_zero();
  nll.fill_zero();
  proposed.upload(std::vector<float>(4, 2.0f));
  const Buffer<float> before(context, std::vector<float>{0, 0, NAN, 0}),
      after(context, std::vector<float>{NAN, INFINITY, 0, -1});
  const auto m = [](Buffer<float>& b) { return b.matrix(4, 1); };
  ops::metropolis(context, {m(z), m(gradient), nll.view()}, {m(proposed), m(proposed), proposed.view()},
                  probability.view(), before.view(), after.view(), 1, {});
  EXPECT_EQ(z.to_host(), (std::vector<float>{1, 1, 1, 2}));
  EXPECT_EQ(probability.to_host(), (std::vector<float>{0, 0, 0, 1}));
}

TEST(HamiltonianOps, RefuseWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> memory(context, 64);
  const auto m = [&](std::int64_t rows, std::int64_t cols) { return memory.matrix(rows, cols); };
  const auto v = [&](std::int64_t size) { return memory.view().part(0, size); };
  EXPECT_THROW(ops::leapfrog(context, m(4, 2), m(4, 3), m(4, 2), 1, 1, 1), ShapeError);
  EXPECT_THROW(ops::leapfrog(context, m(4, 2), m(4, 2), m(3, 2), 1, 1, 1), ShapeError);
  EXPECT_THROW(ops::hamiltonian(context, v(3), m(4, 2), m(4, 2), v(4), 1), ShapeError);
  EXPECT_THROW(ops::hamiltonian(context, v(4), m(4, 2), m(4, 2), v(3), 1), ShapeError);
  const auto metropolis = [&](std::int64_t proposed, std::int64_t size, std::int64_t chains,
                              std::int64_t first) {
    ops::metropolis(context, {m(4, 2), m(4, 2), v(4)}, {m(proposed, 2), m(4, 2), v(4)}, v(size), v(4), v(4),
                    chains, {.first_sample = first});
  };
  EXPECT_THROW(metropolis(3, 4, 2, 0), ShapeError);
  EXPECT_THROW(metropolis(4, 3, 2, 0), ShapeError);
  EXPECT_THROW(metropolis(4, 4, 3, 0), ShapeError);
  EXPECT_THROW(metropolis(4, 4, 2, math::kNoiseDimensions - 1), ShapeError);
}

}  // namespace
}  // namespace elbo::test
