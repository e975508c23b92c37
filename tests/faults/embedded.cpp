// A program that embeds elbo: it trains, saves, loads and uses a model. Exit code 0: all worked; 1: an
// elbo::Error, or no memory; 3: another exception left the library.
//   embedded FOLDER [SECONDS]    again and again for that long, with a line of its memory and descriptors now
//   and then

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
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
  loaded.reconstruct(data.train);
  loaded.sample(3, 1);
}

/// "TIMES SECONDS KILOBYTES DESCRIPTORS": how often it was done, and the process's size now.
void tell(long times, double seconds) {
  long pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  std::printf("%ld %.0f %ld %ld\n", times, seconds, resident * sysconf(_SC_PAGESIZE) / 1024,
              static_cast<long>(descriptors));
  std::fflush(stdout);
}

void use_for(double seconds, const char* folder) {
  const auto begun = std::chrono::steady_clock::now();
  double now = 0.0, told = 0.0;
  long times = 0;
  while (now < seconds) {
    use(folder);
    now = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (++times != 20 && now < told + seconds / 20.0 && now < seconds) continue;
    tell(times, now);
    told = now;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  try {
    argc == 2 ? use(argv[1]) : use_for(std::atof(argv[2]), argv[1]);
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
