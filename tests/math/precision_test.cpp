// The formats to which operands of products are rounded.

#include "elbo/precision.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "elbo/error.h"
#include "math/precision.h"
#include "model/model_file.h"
#include "runtime/context.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// Rounds by definition to the nearest, ties to even: `digits` significant bits, including the implied first
/// bit.
double rounded(float value, int digits) {
  if (value == 0.0f) return value;
  int exponent;
  const double scaled = std::ldexp(std::frexp(static_cast<double>(value), &exponent), digits);
  return std::ldexp(std::nearbyint(scaled), exponent - digits);
}

TEST(Rounding, IsToTheNearest) {
  for (float value : Random(3).normal(20000)) {
    value *= std::exp2(static_cast<float>(static_cast<int>(std::abs(value) * 1e4f) % 60 - 30));
    EXPECT_EQ(math::round_to_tf32(value), rounded(value, 11)) << value;
    EXPECT_EQ(math::round_to_bf16(value), rounded(value, 8)) << value;
  }
}

TEST(Rounding, TiesAndEnds) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(math::round_to_tf32(1.0f + 0x1p-11f), 1.0f);  // to even
  EXPECT_EQ(math::round_to_tf32(-1.0f - 0x1.8p-10f), -1.0f - 0x1p-9f);
  EXPECT_EQ(math::round_to_tf32(1.0f + 0x1.8p-12f), 1.0f);
  EXPECT_EQ(math::round_to_bf16(1.0f + 0x1p-8f), 1.0f);
  EXPECT_EQ(math::round_to_bf16(1.0f + 0x1.8p-7f), 1.0f + 0x1p-6f);
  for (const auto round : {math::round_to_tf32, math::round_to_bf16}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(round(-0.0f)), 0x80000000u);
    EXPECT_EQ(round(infinity), infinity);
    EXPECT_EQ(round(-infinity), -infinity);
    EXPECT_EQ(round(std::numeric_limits<float>::max()), infinity);
    EXPECT_TRUE(std::isnan(round(std::numeric_limits<float>::quiet_NaN())));
    EXPECT_TRUE(std::isnan(round(std::bit_cast<float>(0x7f800001u)))) << "a NaN with its low bits alone";
    EXPECT_EQ(round(round(0.1f)), round(0.1f));
  }
}

TEST(Precision, NamesAreReadBack) {
  for (const auto precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    EXPECT_EQ(parse_precision(precision_name(precision)), precision);
  }
  EXPECT_THROW(parse_precision("fp16"), ConfigError);
  EXPECT_THROW(parse_precision("auto"), ConfigError);
  EXPECT_EQ(default_training_precision(Device::cpu()), Precision::fp32);
  EXPECT_EQ(default_training_precision(Device::cuda(1)), Precision::tf32);
}

TEST(Precision, AScopePutsItBack) {
  Context context(Device::cpu());
  EXPECT_EQ(context.precision(), Precision::fp32);
  {
    const PrecisionScope scope(context, Precision::bf16);
    EXPECT_EQ(context.precision(), Precision::bf16);
  }
  EXPECT_EQ(context.precision(), Precision::fp32);
}

/// The small recipe's training on the CPU, with its steps in `precision`.
struct CpuTraining {
  explicit CpuTraining(std::optional<Precision> precision, const std::filesystem::path& folder = {})
      : data(patterned_data(27, 10)), model(recipe_in(precision), data.dims(), Device::cpu()) {
    TrainOptions options = run_options(folder);
    report = train(model, data, options);
  }
  static Recipe recipe_in(std::optional<Precision> precision) {
    Recipe recipe = small_recipe();
    recipe.train.precision = precision;
    return recipe;
  }
  std::vector<float> values() {
    return to_host(*state_of(model).context, state_of(model).vae->parameters().values());
  }

  Dataset data;
  Model model;
  TrainReport report;
};

TEST(TrainingPrecision, ChangesTheStepsAndLittleOfTheResult) {
  CpuTraining fp32(Precision::fp32), tf32(Precision::tf32), bf16(Precision::bf16);
  EXPECT_NE(fp32.values(), tf32.values());
  EXPECT_NE(fp32.values(), bf16.values());
  EXPECT_NE(tf32.values(), bf16.values());
  const double expected = fp32.report.epochs.back().train.elbo;
  EXPECT_NEAR(tf32.report.epochs.back().train.elbo, expected, 0.005 * std::abs(expected));
  EXPECT_NEAR(bf16.report.epochs.back().train.elbo, expected, 0.03 * std::abs(expected));
}

TEST(TrainingPrecision, AutoIsTheDevicesDefaultAndIsSpelledOut) {
  CpuTraining automatic(std::nullopt), fp32(Precision::fp32);
  EXPECT_EQ(automatic.model.recipe().train.precision, Precision::fp32);
  EXPECT_EQ(automatic.values(), fp32.values());
  ELBO_REQUIRE_DEVICE();
  const Model model(CpuTraining::recipe_in(std::nullopt), 12, device());
  EXPECT_EQ(model.recipe().train.precision, device().is_cuda() ? Precision::tf32 : Precision::fp32);
}

TEST(TrainingPrecision, ValidationAndTheModelAfterwardsAreOfTheModelsOwn) {
  CpuTraining bf16(Precision::bf16);
  EXPECT_EQ(bf16.model.precision(), Precision::fp32);
  const auto evaluate = [&] { return bf16.model.evaluate(bf16.data.validation, 0, 11).terms.elbo; };
  const double validation = bf16.report.epochs.back().validation->elbo;
  EXPECT_NEAR(evaluate(), validation, 1e-9 * std::abs(validation));
  bf16.model.set_precision(Precision::bf16);
  EXPECT_EQ(bf16.model.precision(), Precision::bf16);
  EXPECT_NE(evaluate(), validation);
  EXPECT_NEAR(evaluate(), validation, 0.01 * std::abs(validation));
}

TEST(TrainingPrecision, ResumingInAnotherIsRefused) {
  TempFolder folder;
  CpuTraining fp32(Precision::fp32, folder.path());
  Model other(CpuTraining::recipe_in(Precision::bf16), 12, Device::cpu());
  try {
    train(other, fp32.data, run_options(folder.path(), true));
    FAIL() << "a run in fp32 was resumed in bf16";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("train.precision"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace elbo::test
