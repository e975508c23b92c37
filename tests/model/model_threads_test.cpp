// A step of the reference network has the same costs and gradients, to the bit, on any number of CPU threads.

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "vae/workspace.h"

namespace elbo {
namespace {

struct Step {
  std::vector<float> gradient, nll, kl;
  friend bool operator==(const Step&, const Step&) = default;
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

TEST(ModelThreads, AnyTeamGivesTheSameStep) {
  for (const std::int64_t rows : {128, 96, 1}) {
    const Step one = step(1, rows);
    for (const int threads : {2, 3, 4, 7, 8, 16}) {
      const Step team = step(threads, rows);
      EXPECT_TRUE(team == one) << threads << " threads, " << rows << " rows";
    }
  }
}

}  // namespace
}  // namespace elbo
