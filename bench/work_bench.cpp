// Loading data and using a model, beside other tools: the elbo side of bench/usual_tools.py.
//
//     work_bench model FILE            saves a new model of mnist-deep
//     work_bench load PATH [SIDE]      reads data; pictures are brought to SIDE × SIDE
//     work_bench encode|sample|nll|ais FILE EXAMPLES ...
//
// All but the first write a JSON line when ready, and for each line read do the work once and answer with its
// time and a number by which the results can be compared.

#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "elbo/elbo.h"
#include "base/check.h"
#include "timing.h"

namespace elbo::bench {
namespace {

using Arguments = std::vector<std::string>;
/// A number made of a result, by which it is compared with the other tool's.
using Value = std::function<double()>;
/// Does the work once.
using Work = std::function<Value()>;

constexpr std::int64_t kDims = 784;

double sum(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double mean(const Table& table) {
  return sum(table.values) / static_cast<double>(table.values.size());
}

std::int64_t number(const Arguments& arguments, std::size_t i) {
  return std::stoll(arguments.at(i));
}

/// Bytes that the peer makes by the same formula.
Examples pictures(std::int64_t count) {
  Examples examples;
  examples.count = count;
  examples.dims = kDims;
  for (std::int64_t i = 0; i < count * kDims; ++i)
    examples.bytes.push_back(static_cast<std::uint8_t>((i * i / 7 + i) % 256));
  return examples;
}

/// The number of rows times the mean size of what is not missing.
double value_of(const Examples& train) {
  double total = 0.0;
  std::int64_t present = 0;
  for (const float value : train.floats)
    if (value == value) total += std::fabs(value), ++present;
  for (const std::uint8_t value : train.bytes) total += value;
  present += std::ssize(train.bytes);
  return static_cast<double>(train.count) * total / static_cast<double>(present);
}

Work load_work(const Arguments& arguments) {
  LoadOptions options;
  if (arguments.size() > 1) options.resize = PictureShape{number(arguments, 1), number(arguments, 1), 3};
  return [path = arguments.at(0), options] {
    auto data = std::make_shared<Dataset>(load_dataset(path, options));
    return [data] { return value_of(data->train); };
  };
}

Work encode_work(const Arguments& arguments) {
  auto model = std::make_shared<Model>(Model::load(arguments.at(0), Device::cpu()));
  return [model, x = pictures(number(arguments, 1))] {
    return [codes = model->encode(x).mean] { return mean(codes); };
  };
}

Work sample_work(const Arguments& arguments) {
  auto model = std::make_shared<Model>(Model::load(arguments.at(0), Device::cpu()));
  return [model, count = number(arguments, 1)] {
    return [samples = model->sample(count, 1)] { return mean(samples); };
  };
}

/// FILE EXAMPLES SAMPLES
Work nll_work(const Arguments& arguments) {
  auto model = std::make_shared<Model>(Model::load(arguments.at(0), Device::cpu()));
  return [model, x = pictures(number(arguments, 1)), samples = number(arguments, 2)] {
    return [nll = model->evaluate(x, samples).nll.value().mean] { return nll; };
  };
}

/// FILE EXAMPLES CHAINS STEPS
Work ais_work(const Arguments& arguments) {
  auto model = std::make_shared<Model>(Model::load(arguments.at(0), Device::cpu()));
  AnnealingOptions options;
  options.chains = number(arguments, 2);
  options.steps = number(arguments, 3);
  return [model, x = pictures(number(arguments, 1)), options] {
    return [nll = model->annealed_nll(x, options).nll] { return nll; };
  };
}

void save_model(const std::string& file) {
  Recipe recipe = Recipe::named("mnist-deep");
  recipe.set("data.binarize=none");
  Model(recipe, kDims, Device::cpu(), {28, 28, 1}).save(file);
}

void serve(const Work& work) {
  work();
  std::cout << "{\"tool\": \"elbo\", \"versions\": {\"elbo\": \"" << version() << "\"}}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const double begin = now();
    const Value value = work();
    const double seconds = now() - begin;
    std::cout << "{\"us\": " << 1e6 * seconds << ", \"value\": " << value() << "}" << std::endl;
  }
}

const std::map<std::string, Work (*)(const Arguments&)> kWorks = {{"load", load_work},
                                                                  {"encode", encode_work},
                                                                  {"sample", sample_work},
                                                                  {"nll", nll_work},
                                                                  {"ais", ais_work}};

void run(const std::string& kind, const Arguments& arguments) {
  if (kind == "model") return save_model(arguments.at(0));
  const auto found = kWorks.find(kind);
  ELBO_CHECK(found != kWorks.end(), ConfigError, "work_bench knows no work \"", kind, "\"");
  std::cout.precision(9);
  serve(found->second(arguments));
}

}  // namespace
}  // namespace elbo::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: work_bench model|load|encode|sample|nll|ais FILE ...; see bench/usual_tools.py\n");
    return 2;
  }
  try {
    elbo::bench::run(argv[1], {argv + 2, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "work_bench: %s\n", error.what());
    return 1;
  }
}
