// The number of CPU threads changes only the order of some sums: a step of the reference network has the same
// costs and gradients on any team.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "vae/workspace.h"

namespace elbo {
namespace {

struct Step {
  std::vector<float> gradient, nll, kl;
};

/// Costs and gradients of one batch of 784-400-400-20-400-400-784, with more rows than the other tests have.
Step step(int threads, std::int64_t rows) {
  ModelSettings settings;
  settings.encoder = settings.decoder = {400, 400};
  settings.latent = 20;
  Context context(Device::cpu(), threads);
  Vae vae(context, resolve(settings, 784), 3);
  vae.parameters().prepare_training();
  const Workspace workspace(vae, rows, 1, Purpose::gradients);
  const Batch a = workspace.rows(rows);
  for (std::int64_t i = 0; i < rows * 784; ++i) a.x().data[i] = static_cast<float>(i * 7919 % 256) / 255.0f;
  std::iota(a.examples().data, a.examples().data + rows, std::int64_t{1000});
  vae.forward_backward(a, {.seed = 5}, {});
  const auto copy = [](VectorView<float> v) { return std::vector<float>(v.data, v.data + v.size); };
  return {copy(vae.parameters().gradient()), copy(a.nll()), copy(a.kl())};
}

/// ‖a − b‖ / ‖b‖.
double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0.0, size = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    size += static_cast<double>(b[i]) * b[i];
  }
  return std::sqrt(difference / size);
}

TEST(ModelThreads, AnyTeamGivesTheSameStep) {
  for (const std::int64_t rows : {128, 96, 1}) {
    const Step one = step(1, rows);
    for (const int threads : {2, 3, 7, 16}) {
      const Step team = step(threads, rows);
      EXPECT_LT(relative_distance(team.nll, one.nll), 1e-6) << threads << " threads, " << rows << " rows";
      EXPECT_LT(relative_distance(team.kl, one.kl), 1e-5) << threads << " threads, " << rows << " rows";
      EXPECT_LT(relative_distance(team.gradient, one.gradient), 1e-5)
          << threads << " threads, " << rows << " rows";
    }
  }
}

}  // namespace
}  // namespace elbo
