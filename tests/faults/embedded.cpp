// A program that embeds elbo: it trains, saves, loads and uses a model. Exit code 0: all worked; 1: an
// elbo::Error, or no memory; 3: another exception left the library.
//   embedded FOLDER

#include <cstdio>
#include <exception>
#include <new>
#include <vector>

#include "elbo/elbo.h"

namespace {

void use(const char* folder) {
  std::vector<float> values;
  for (int i = 0; i < 60; ++i) values.push_back(static_cast<float>(i * 7 % 11) / 11.0f);
  elbo::Dataset data = elbo::Dataset::from_floats(std::move(values), 3);
  elbo::hold_out(data, 0.2, 0.0, 1);
  elbo::Recipe recipe;
  recipe.set("model.encoder=[4]");
  recipe.set("model.decoder=[4]");
  recipe.set("model.latent=2");
  recipe.set("train.epochs=2");
  recipe.set("train.batch=8");
  elbo::Model model(recipe, data.dims(), elbo::Device::cpu());
  elbo::TrainOptions options;
  options.folder = folder;
  elbo::train(model, data, options);
  const elbo::Model loaded = elbo::Model::load(folder, elbo::Device::cpu());
  const elbo::Posterior codes = loaded.encode(data.train);
  loaded.decode(codes.mean);
  loaded.evaluate(data.train, 2);
  loaded.aggregate_posterior(data.train);
  elbo::nearest_neighbours(codes.mean, codes.mean, 2);
  loaded.sample(3, 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    use(argv[1]);
    return 0;
  } catch (const elbo::Error& error) {
    std::fprintf(stderr, "embedded: %s\n", error.what());
    return 1;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "embedded: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "embedded: not elbo's error: %s\n", error.what());
    return 3;
  }
}
