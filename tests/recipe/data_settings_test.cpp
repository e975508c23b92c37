// data.* translated for src/data: a likelihood's allowed data, and binarisation.

#include "recipe/data_settings.h"

#include <gtest/gtest.h>

#include <cmath>

#include "elbo/error.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

TEST(DataSettings, SupportOfBernoulliIsTheUnitInterval) {
  const auto bernoulli = value_range(LikelihoodKind::bernoulli);
  Dataset dataset = Dataset::from_floats({0.0f, 1.0f, 0.5f, 0.25f}, 2);
  EXPECT_NO_THROW(data::check_support(dataset, bernoulli));
  dataset.name = "mine.csv";
  dataset.columns = {"width", "height"};
  dataset.test = dataset.train;
  dataset.test.floats[3] = 3.5f;
  expect_error<DataError>([&] { data::check_support(dataset, bernoulli); },
                          {"row 1 of mine.csv, test, dimension 1 \"height\"", "3.5", "bernoulli", "[0, 1]",
                           "model.likelihood = \"gaussian\""});
  EXPECT_NO_THROW(data::check_support(dataset, value_range(LikelihoodKind::gaussian)));
  EXPECT_NO_THROW(data::check_support(dataset, value_range(LikelihoodKind::gaussian_learned)));
  expect_error<DataError>(
      [&] { data::check_support(dataset, value_range(LikelihoodKind::gaussian_sigmoid)); },
      {"gaussian-sigmoid", "[0, 1]", "model.likelihood = \"gaussian\""});
  dataset.test.floats[3] = std::nextafter(1.0f, 2.0f);
  expect_error<DataError>([&] { data::check_support(dataset, bernoulli); }, {"is 1.0000001,"});
  dataset.test.floats[3] = -1e-7f;
  expect_error<DataError>([&] { data::check_support(dataset, bernoulli); }, {"is -1e-07,"});
}

TEST(DataSettings, BinarizingChangesWhatIsNeeded) {
  const Dataset grey = Dataset::from_floats({0.0f, 0.25f}, 2);
  const Dataset dataset = Dataset::from_floats({0.0f, 3.5f}, 2);
  for (const auto& [binarize, name] :
       {std::pair<Binarize, std::string>(Binarize::threshold, "threshold"), {Binarize::dynamic, "dynamic"}}) {
    DataSettings settings;
    settings.binarize = binarize;
    EXPECT_NO_THROW(data::check_support(grey, value_range(LikelihoodKind::bernoulli, settings)));
    expect_error<DataError>(
        [&] { data::check_support(dataset, value_range(LikelihoodKind::gaussian, settings)); },
        {"data.binarize = \"" + name + "\" needs values in [0, 1]", "3.5", "data.binarize = \"none\""});
  }
}

TEST(DataSettings, BytesSuitEveryLikelihood) {
  const Dataset dataset = Dataset::from_bytes({0, 1, 254, 255}, 2);
  EXPECT_NO_THROW(data::check_support(dataset, value_range(LikelihoodKind::bernoulli)));
}

}  // namespace
}  // namespace elbo
