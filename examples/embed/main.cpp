// Trains a small VAE in memory, samples from it, saves it and loads it again.
#include <elbo/elbo.h>

#include <cmath>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) try {
  // Makes points on a noisy ring; any rows of floats will do.
  std::vector<float> values;
  for (int i = 0; i < 2000; ++i) {
    const double angle = 0.1 * i, radius = 1.0 + 0.05 * std::sin(1.7 * i);
    values.push_back(static_cast<float>(radius * std::cos(angle)));
    values.push_back(static_cast<float>(radius * std::sin(angle)));
  }
  const elbo::Dataset data = elbo::Dataset::from_floats(values, 2);

  elbo::Recipe recipe;
  recipe.model.encoder = recipe.model.decoder = {64, 64};
  recipe.model.latent = 2;
  recipe.model.likelihood = "gaussian";
  recipe.model.variance = 0.02;
  recipe.train.epochs = 20;

  elbo::Model model(recipe, data.dims());
  elbo::TrainOptions options;
  options.on_epoch = [](const elbo::EpochMetrics& m) {
    if (m.epoch % 5 == 0)
      std::printf("epoch %2d  -ELBO %.3f nats\n", static_cast<int>(m.epoch), -m.train.elbo);
  };
  elbo::train(model, data, options);

  const char* file = argc > 1 ? argv[1] : "ring.safetensors";
  model.save(file);
  elbo::Model loaded = elbo::Model::load(file);
  const elbo::Table points = loaded.sample(5, /*seed=*/7);
  for (std::int64_t i = 0; i < points.rows; ++i)
    std::printf("(%6.3f, %6.3f)\n", points.row(i)[0], points.row(i)[1]);
} catch (const elbo::Error& error) {
  std::fprintf(stderr, "embed: %s\n", error.what());
  return 1;
}
