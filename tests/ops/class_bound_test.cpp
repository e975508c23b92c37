// The bound of examples whose class may be unknown, against float64, finite differences and values computed
// by hand, and at its limits.

#include "ops/class_bound.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "cases/class_bound.h"
#include "elbo/error.h"
#include "support/gradient_check.h"

namespace elbo::test {
namespace {

std::vector<ClassBoundCase> class_bound_cases() {
  std::vector<ClassBoundCase> all;
  for (const std::int64_t examples : {1, 3, 130}) {
    for (const std::int64_t classes : {1, 2, 10, 33, 100}) all.push_back({examples, classes});
  }
  all.push_back({1, 10, 1, 0.0});
  all.push_back({1, 10, 3, 1.0});
  all.push_back({20, 10, 25, 0.0, 2.0, true});
  all.push_back({20, 10, 25, 1.0, 2.0, true, 3.0f, 0.05f});
  all.push_back({17, 33, 7, 0.5, 2.0, true, 0.0f, 1.0f / 17});
  all.push_back({9, 100, 2, 0.5, 40.0});
  all.push_back({2, 4096, 2, 0.5, 2.0, true});
  return all;
}

class ClassBoundCases : public testing::TestWithParam<ClassBoundCase> {};
TEST_P(ClassBoundCases, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Shapes, ClassBoundCases, testing::ValuesIn(class_bound_cases()), CaseName());

/// Inputs and settings of a call.
struct ClassBoundInputs {
  std::vector<float> nll, kl, logits, label;
  float kl_weight = 1.0f, classifier = 0.0f;
  std::int64_t parts = 1;

  std::int64_t examples() const { return static_cast<std::int64_t>(label.size()); }
  std::int64_t classes() const { return static_cast<std::int64_t>(logits.size() / label.size()); }
};

struct ClassBoundOutputs {
  std::vector<float> weights, nll, kl, cost, dlogits;

  bool operator==(const ClassBoundOutputs&) const = default;
  std::vector<float> all() const {
    std::vector<float> joined;
    for (const auto* part : {&weights, &nll, &kl, &cost, &dlogits}) {
      joined.insert(joined.end(), part->begin(), part->end());
    }
    return joined;
  }
};

enum WantedOfClasses { kWantNll = 1, kWantKl = 2, kWantCost = 4, kWantDlogits = 8, kWantAll = 15 };

/// The results in `wanted`, bits of WantedOfClasses, and the weights; the others have no memory and stay
/// empty.
ClassBoundOutputs bound_classes(const ClassBoundInputs& in, int wanted = kWantAll) {
  Context context(device());
  const auto upload = [&](const std::vector<float>& values) {
    return Buffer<float>(context, std::span<const float>(values));
  };
  const Buffer<float> nll = upload(in.nll), kl = upload(in.kl), logits = upload(in.logits),
                      label = upload(in.label), kl_weight = upload({in.kl_weight});
  const std::int64_t n = in.examples(), c = in.classes();
  Buffer<float> weights(context, n * c), nll_sum(context, n), kl_sum(context, n), cost(context, n),
      dlogits(context, n * c);
  ops::ClassBound result;
  result.weights = weights.view();
  if (wanted & kWantNll) result.nll = nll_sum.view();
  if (wanted & kWantKl) result.kl = kl_sum.view();
  if (wanted & kWantCost) result.cost = cost.view();
  if (wanted & kWantDlogits) result.dlogits = dlogits.matrix(n, c);
  ops::class_bound(context, result,
                   {nll.matrix(n * c, in.parts), kl.view(), logits.matrix(n, c), label.view()},
                   {kl_weight.data(), in.classifier, 1.0f});
  const auto read = [&](int which, const Buffer<float>& from) {
    return wanted & which ? from.to_host() : std::vector<float>();
  };
  return {weights.to_host(), read(kWantNll, nll_sum), read(kWantKl, kl_sum), read(kWantCost, cost),
          read(kWantDlogits, dlogits)};
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected) {
  EXPECT_TRUE(near_all<float>(actual, expected, {2e-6, 2e-6}));
}

TEST(ClassBound, ByHand) {
  ELBO_REQUIRE_DEVICE();
  // q = 1/4, 3/4 in both examples; the second is known to be of the first class.
  const float ln3 = std::log(3.0f);
  const ClassBoundOutputs got = bound_classes({.nll = {1.0f, 2.0f, 1.0f, 2.0f},
                                               .kl = {0.5f, 0.25f, 0.5f, 0.25f},
                                               .logits = {0.0f, ln3, 5.0f, 5.0f + ln3},
                                               .label = {-1.0f, 0.0f},
                                               .classifier = 2.0f});
  expect_near(got.weights, {0.25, 0.75, 1.0, 0.0});
  expect_near(got.nll, {1.75, 1.0});
  // ¼ (½ + log ½) + ¾ (¼ + log 3/2), and ½ + log 2.
  expect_near(got.kl, {0.443311986, 1.193147181});
  // The second's −log q, log 4, counts twice.
  expect_near(got.cost, {2.193311986, 4.965735903});
  // A = 0.806852819 and 2.655465108, of which ¼ (A − cost) and ¾ (A − cost).
  expect_near(got.dlogits, {-0.346614792, 0.346614792, -1.5, 1.5});
}

TEST(ClassBound, BetaScalesTheKlAlone) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundOutputs got = bound_classes({.nll = {8.0f, 6.0f},
                                               .kl = {1.0f, 3.0f},
                                               .logits = {2.0f, 2.0f},
                                               .label = {-1.0f},
                                               .kl_weight = 10.0f});
  expect_near(got.nll, {7.0});
  expect_near(got.kl, {2.0});  // log q + log C = 0
  expect_near(got.cost, {27.0});
  expect_near(got.dlogits, {-4.5, 4.5});  // A = 18 and 36
}

/// Four examples, two with labels, each nll in two parts.
ClassBoundInputs gradient_inputs() {
  Random random(5);
  return {.nll = random.normal(40, 3.0),
          .kl = random.normal(20, 2.0),
          .logits = random.normal(20),
          .label = {-1.0f, 3.0f, -1.0f, 0.0f},
          .kl_weight = 0.7f,
          .classifier = 1.5f,
          .parts = 2};
}

/// Sum of the examples' costs in float64.
double total_cost(const ClassBoundInputs& in, std::span<const double> nll, std::span<const double> kl,
                  std::span<const double> logits) {
  const ClassBoundReference reference{in.classes(), in.parts, double{in.kl_weight}, double{in.classifier}};
  const auto cost = reference(nll, kl, logits, in.label).cost;
  return std::accumulate(cost.begin(), cost.end(), 0.0);
}

TEST(ClassBound, DlogitsAreTheGradientOfTheCost) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundInputs in = gradient_inputs();
  const auto nll = widen(in.nll), kl = widen(in.kl), logits = widen(in.logits);
  EXPECT_TRUE(is_gradient<float>(bound_classes(in).dlogits,
                                 [&](std::span<const double> x) { return total_cost(in, nll, kl, x); },
                                 logits, {3e-6, 1e-5}));
}

TEST(ClassBound, WeightsAreTheGradientsInNllAndKl) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundInputs in = gradient_inputs();
  const auto nll = widen(in.nll), kl = widen(in.kl), logits = widen(in.logits);
  const std::vector<float> weights = bound_classes(in).weights;
  std::vector<float> of_parts, of_kl;
  for (const float weight : weights) {
    of_parts.insert(of_parts.end(), 2, weight);
    of_kl.push_back(in.kl_weight * weight);
  }
  EXPECT_TRUE(is_gradient<float>(
      of_parts, [&](std::span<const double> x) { return total_cost(in, x, kl, logits); }, nll));
  EXPECT_TRUE(is_gradient<float>(
      of_kl, [&](std::span<const double> x) { return total_cost(in, nll, x, logits); }, kl));
}

TEST(ClassBound, ResultsMayBeEmpty) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundInputs in = gradient_inputs();
  const ClassBoundOutputs whole = bound_classes(in);
  for (int wanted = 0; wanted < kWantAll; ++wanted) {
    SCOPED_TRACE(wanted);
    ClassBoundOutputs expected = whole;
    if (!(wanted & kWantNll)) expected.nll.clear();
    if (!(wanted & kWantKl)) expected.kl.clear();
    if (!(wanted & kWantCost)) expected.cost.clear();
    if (!(wanted & kWantDlogits)) expected.dlogits.clear();
    EXPECT_TRUE(bound_classes(in, wanted) == expected);
  }
}

TEST(ClassBound, WithOneClassItIsTheBound) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundOutputs got = bound_classes({.nll = {3.0f, 5.0f},
                                               .kl = {1.5f, 0.5f},
                                               .logits = {7.0f, -9.0f},
                                               .label = {-1.0f, 0.0f},
                                               .classifier = 2.0f});
  EXPECT_EQ(got.all(), (std::vector<float>{1, 1, 3, 5, 1.5f, 0.5f, 4.5f, 5.5f, 0, 0}));
}

TEST(ClassBound, LargeValuesDoNotOverflow) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundOutputs costs =
      bound_classes({.nll = {2e38f, 2e38f}, .kl = {1e38f, 1e38f}, .logits = {0.0f, 0.0f}, .label = {-1.0f}});
  EXPECT_TRUE(near_all<float>(costs.cost, std::vector<double>{3e38}, {0.0, 1e-6}));
  const ClassBoundOutputs logits = bound_classes({.nll = {1.0f, 2.0f, 1.0f, 2.0f},
                                                  .kl = {0.0f, 0.0f, 0.0f, 0.0f},
                                                  .logits = {1e38f, -2e38f, 1e38f, -2e38f},
                                                  .label = {-1.0f, 1.0f},
                                                  .classifier = 0.5f});
  expect_near(logits.weights, {1.0, 0.0, 0.0, 1.0});
  expect_near(logits.nll, {1.0, 2.0});
  expect_near(logits.kl, {std::log(2.0), std::log(2.0)});
  EXPECT_TRUE(near_all<float>(logits.cost, std::vector<double>{1.0 + std::log(2.0), 1.5e38}, {1e-6, 1e-6}));
  expect_near(logits.dlogits, {0.0, 0.0, 0.5, -0.5});
}

TEST(ClassBound, AClassOfNoWeightIsNotRead) {
  ELBO_REQUIRE_DEVICE();
  const std::vector<float> nll = {1.0f, INFINITY, NAN}, kl = {0.5f, NAN, INFINITY};
  for (const float far : {-200.0f, -INFINITY}) {
    for (const float label : {-1.0f, 0.0f}) {
      const ClassBoundOutputs got = bound_classes(
          {.nll = nll, .kl = kl, .logits = {0.0f, far, far}, .label = {label}, .classifier = 1.0f});
      expect_near(got.weights, {1.0, 0.0, 0.0});
      expect_near(got.cost, {1.5 + std::log(3.0)});
      expect_near(got.dlogits, {0.0, 0.0, 0.0});
    }
  }
  // Without a classifier a label may be impossible.
  const ClassBoundOutputs got =
      bound_classes({.nll = nll, .kl = kl, .logits = {-INFINITY, 0.0f, 0.0f}, .label = {0.0f}});
  expect_near(got.cost, {1.5 + std::log(3.0)});
  expect_near(got.dlogits, {0.0, 0.0, 0.0});
}

/// Whether the first example's results are all NaN, and the second's none.
void expect_first_failed(const ClassBoundInputs& in) {
  const ClassBoundOutputs got = bound_classes(in);
  for (const auto* values : {&got.weights, &got.nll, &got.kl, &got.cost, &got.dlogits}) {
    for (std::size_t i = 0; i < values->size(); ++i) {
      EXPECT_EQ(std::isnan((*values)[i]), i < values->size() / 2) << i;
    }
  }
}

TEST(ClassBound, NanStaysInItsExample) {
  ELBO_REQUIRE_DEVICE();
  for (const std::size_t classes : {3u, 40u}) {
    for (const float label : {-1.0f, 1.0f}) {
      SCOPED_TRACE(concat(classes, " classes, label ", label));
      const std::vector<float> ones(2 * classes, 1.0f);
      const ClassBoundInputs good{.nll = ones, .kl = ones, .logits = ones, .label = {label, label}};
      for (const auto member : {&ClassBoundInputs::nll, &ClassBoundInputs::kl, &ClassBoundInputs::logits}) {
        ClassBoundInputs bad = good;
        (bad.*member)[1] = NAN;
        expect_first_failed(bad);
      }
      ClassBoundInputs endless = good;  // ∞ − ∞
      endless.logits[classes - 1] = INFINITY;
      expect_first_failed(endless);
      std::fill_n(endless.logits.begin(), classes, -INFINITY);
      expect_first_failed(endless);
      for (const float wrong :
           {NAN, static_cast<float>(classes), 0.5f, -2.0f, -3.0f, -0.5f, 1e30f, INFINITY}) {
        ClassBoundInputs bad = good;
        bad.label[0] = wrong;
        expect_first_failed(bad);
      }
    }
  }
}

TEST(ClassBound, AnInfiniteCostIsNoNan) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundOutputs got =
      bound_classes({.nll = {INFINITY, 1.0f}, .kl = {1.0f, 1.0f}, .logits = {0.0f, 0.0f}, .label = {-1.0f}});
  EXPECT_EQ(got.weights, (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(got.nll[0], INFINITY);
  EXPECT_EQ(got.cost[0], INFINITY);
}

TEST(ClassBound, AnExampleDoesNotDependOnOthers) {
  ELBO_REQUIRE_DEVICE();
  const ClassBoundInputs all = gradient_inputs();
  const ClassBoundOutputs together = bound_classes(all);
  const auto part = [](const std::vector<float>& from, std::size_t i) {
    const auto size = static_cast<std::ptrdiff_t>(from.size() / 4),
               at = static_cast<std::ptrdiff_t>(i) * size;
    return std::vector<float>(from.begin() + at, from.begin() + at + size);
  };
  for (std::size_t i = 0; i < 4; ++i) {
    ClassBoundInputs one = all;
    for (const auto member : {&ClassBoundInputs::nll, &ClassBoundInputs::kl, &ClassBoundInputs::logits,
                              &ClassBoundInputs::label}) {
      one.*member = part(all.*member, i);
    }
    const ClassBoundOutputs expected = {part(together.weights, i), part(together.nll, i),
                                        part(together.kl, i), part(together.cost, i),
                                        part(together.dlogits, i)};
    EXPECT_TRUE(bound_classes(one) == expected) << i;
  }
}

/// A correct call for two examples of three classes, and its memory.
struct ClassBoundCall {
  Context context{device()};
  Buffer<float> memory{context, 64};
  ops::ClassBound result;
  ops::ClassCosts costs;

  ClassBoundCall() {
    memory.fill_zero();
    float* const at = memory.data();
    costs = {{at, 6, 2}, {at, 6}, {at, 2, 3}, {at, 2}};
    result = {{at + 12, 6}, {at + 18, 2}, {at + 20, 2}, {at + 22, 2}, {at + 24, 2, 3}};
  }
  void operator()() { ops::class_bound(context, result, costs, {}); }
};

TEST(ClassBound, RefusesWrongShapes) {
  ELBO_REQUIRE_DEVICE();
  EXPECT_NO_THROW(ClassBoundCall()());
  const auto refused = [](auto change) {
    ClassBoundCall call;
    change(call.result, call.costs, call.memory.data());
    EXPECT_THROW(call(), ShapeError);
  };
  using Result = ops::ClassBound;
  using Costs = ops::ClassCosts;
  refused([](Result&, Costs& costs, float* at) { costs.nll = {at, 5, 2}; });
  refused([](Result&, Costs& costs, float* at) { costs.nll = {at, 6, 2, 3}; });
  refused([](Result&, Costs& costs, float* at) { costs.kl = {at, 5}; });
  refused([](Result&, Costs& costs, float* at) { costs.label = {at, 3}; });
  refused([](Result&, Costs& costs, float* at) { costs.logits = {at, 3, 3}; });
  refused([](Result&, Costs& costs, float* at) { costs.logits = {at, 2, 3, 2}; });
  refused([](Result&, Costs& costs, float*) { costs.logits = {nullptr, 2, 3}; });
  refused([](Result& result, Costs& costs, float* at) {
    costs = {{at, 0, 1}, {at, 0}, {at, 2, 0}, {at, 2}};
    result = {{at + 12, 0}, {}, {}, {}, {}};
  });
  refused([](Result& result, Costs&, float*) { result.weights = {}; });
  refused([](Result& result, Costs&, float* at) { result.nll = {at, 1}; });
  refused([](Result& result, Costs&, float* at) { result.kl = {at, 3}; });
  refused([](Result& result, Costs&, float* at) { result.cost = {at, 6}; });
  refused([](Result& result, Costs&, float* at) { result.dlogits = {at, 3, 2}; });
  refused([](Result& result, Costs&, float* at) { result.dlogits = {at, 2, 3, 2}; });
}

TEST(ClassBound, NoExamplesAreNoWork) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  EXPECT_NO_THROW(ops::class_bound(context, {}, {{nullptr, 0, 1}, {}, {nullptr, 0, 3}, {}}, {}));
}

}  // namespace
}  // namespace elbo::test
