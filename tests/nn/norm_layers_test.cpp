// Normalisation, dropout and residual blocks in networks: a training step's gradients against finite
// differences of the whole batch in float64, and the behaviour in other passes.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "cases/reparameterize.h"
#include "cases/norm.h"
#include "elbo/error.h"
#include "nn/network.h"
#include "support/device.h"
#include "support/random.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kExamples = 5, kOutputs = 3;
constexpr std::uint64_t kSeed = 21, kTime = 9;
constexpr double kEpsilon = 1e-5;  // ε of all normalisations, as in PyTorch

/// A network in float64, a whole batch at a time, from the formulas.
class BatchReference {
 public:
  std::map<std::string, std::vector<double>> tensors;
  std::int64_t samples = 1;
  bool learning = true;

  struct Rows {
    std::int64_t n, cols, channels;
    std::vector<double> values;
  };

  Rows output(const std::vector<std::string>& layers, std::vector<double> x, std::int64_t cols) const {
    Rows rows = {static_cast<std::int64_t>(x.size()) / cols, cols, cols, std::move(x)};
    std::int64_t stream = 0;
    bool pending = false;  // an activation that a normalisation will apply
    for (std::size_t l = 0; l < layers.size(); ++l) {
      rows = layer(layers[l], "net.hidden." + std::to_string(l), rows, stream);
      const bool leaves_it = l + 1 < layers.size() && layers[l + 1].starts_with("norm");
      pending = pending || std::isdigit(static_cast<unsigned char>(layers[l][0]));
      if (pending && !leaves_it) rows = activated(rows);
      pending = pending && leaves_it;
    }
    return linear("net.out", rows);
  }

 private:
  Rows layer(const std::string& text, const std::string& name, Rows x, std::int64_t& stream) const {
    if (text.starts_with("reshape")) {
      x.channels = std::stoll(text.substr(text.rfind('x') + 1));
      return x;
    }
    if (text.starts_with("dropout")) return dropped(x, std::stod(text.substr(8)), stream++);
    if (text.starts_with("residual")) {
      Rows f = linear(name + ".1", activated(linear(name + ".0", x)));
      for (std::size_t i = 0; i < f.values.size(); ++i) f.values[i] += x.values[i];
      return f;
    }
    if (text == "norm batch") return normalized(name, x, x.channels, true);
    if (text == "norm layer") return normalized(name, x, 1, false);
    if (text.starts_with("norm group")) return normalized(name, x, std::stoll(text.substr(11)), false);
    return linear(name, x);
  }

  Rows linear(const std::string& name, const Rows& x) const {
    const auto& w = tensors.at(name + ".weight");
    const auto& b = tensors.at(name + ".bias");
    const std::int64_t outputs = std::ssize(b);
    Rows y = {x.n, outputs, outputs, {}};
    for (std::int64_t i = 0; i < x.n; ++i) {
      for (std::int64_t o = 0; o < outputs; ++o) {
        double sum = b[static_cast<std::size_t>(o)];
        for (std::int64_t j = 0; j < x.cols; ++j) {
          sum += w[static_cast<std::size_t>(o * x.cols + j)] *
                 x.values[static_cast<std::size_t>(i * x.cols + j)];
        }
        y.values.push_back(sum);
      }
    }
    return y;
  }

  static Rows activated(Rows x) {
    for (double& value : x.values) value = std::tanh(value);
    return x;
  }

  Rows dropped(Rows x, double rate, std::int64_t stream) const {
    for (std::int64_t at = 0; learning && at < x.n * x.cols; ++at) {
      const std::int64_t row = at / x.cols, dimension = row % samples * ((x.cols + 3) / 4 * 4) + at % x.cols;
      const std::int64_t example = (stream << 48) + row / samples;
      const double u = reference_uniform(kSeed, NoisePurpose::dropout, example, kTime, dimension);
      x.values[static_cast<std::size_t>(at)] *=
          u < double{static_cast<float>(rate)} ? 0.0 : 1.0 / (1.0 - rate);
    }
    return x;
  }

  Rows normalized(const std::string& name, Rows x, std::int64_t groups, bool of_batch) const {
    const auto& gamma = tensors.at(name + ".weight");
    const auto& beta = tensors.at(name + ".bias");
    const auto channel = [&](std::int64_t at) { return static_cast<std::size_t>(at % x.channels); };
    const auto place = [&](std::int64_t at) {
      const std::int64_t group = at % x.channels / (x.channels / groups);
      return static_cast<std::size_t>(of_batch ? group : at / x.cols * groups + group);
    };
    const auto count = static_cast<std::size_t>(of_batch ? groups : x.n * groups);
    const double values = static_cast<double>(x.n * x.cols) / static_cast<double>(count);
    std::vector<double> mean(count), variance(count);
    if (of_batch && !learning) {
      mean = tensors.at(name + ".running_mean");
      variance = tensors.at(name + ".running_var");
    } else {
      for (std::int64_t at = 0; at < x.n * x.cols; ++at) mean[place(at)] += x.values[at] / values;
      for (std::int64_t at = 0; at < x.n * x.cols; ++at) {
        variance[place(at)] += std::pow(x.values[at] - mean[place(at)], 2) / values;
      }
    }
    for (std::int64_t at = 0; at < x.n * x.cols; ++at) {
      double& value = x.values[static_cast<std::size_t>(at)];
      value = gamma[channel(at)] * (value - mean[place(at)]) / std::sqrt(variance[place(at)] + kEpsilon) +
              beta[channel(at)];
    }
    return x;
  }
};

struct NetworkCase {
  std::string title;
  std::vector<std::string> layers;
  std::int64_t cols = 6;
  nn::Rows rows = nn::Rows::examples;
  bool input_gradient = true;
  bool learning = true;

  std::string name() const { return title; }
};

/// A network with its tape, run forward and backward, with the loss Σ dy·y.
class RunNetwork {
 public:
  explicit RunNetwork(const NetworkCase& of, std::int64_t examples = kExamples)
      : case_(of), context_(device()), examples_(examples) {
    input_ = builder_.activation({.name = "input", .rows = of.rows, .cols = of.cols});
    if (of.input_gradient) builder_.needs_gradient(input_);
    network_ = nn::make_network(builder_, input_,
                                {.name = "net",
                                 .setting = "layers",
                                 .layers = of.layers,
                                 .activation = Activation::tanh,
                                 .heads = {{"net.out", kOutputs}}});
    parameters_ = std::make_unique<nn::Parameters>(context_, nn::ParameterLayout(builder_.parameters()),
                                                   Initialization::pytorch, 3);
    parameters_->prepare_training();
    const unsigned uses = nn::kTraining | (of.learning ? nn::kLearning : 0u);
    plan_ = std::make_unique<nn::Plan>(builder_.slots());
    plan_->lay_out(arena_, {examples, 2}, uses);
    arena_ = Arena(context_, arena_.used());
    tape_ = plan_->lay_out(arena_, {examples, 2}, uses);
    Random random(5);
    auto values = random.normal(parameters_->layout().size, 0.0, 0.6);
    for (const nn::TensorInfo& tensor : parameters_->layout().tensors) {
      if (!tensor.name.ends_with("running_var")) continue;
      for (std::int64_t i = 0; i < tensor.size(); ++i)
        values[static_cast<std::size_t>(tensor.offset + i)] = 0.7f;
    }
    upload(parameters_->values().data, values);
    x_ = random.normal(rows() * of.cols);
    dy_ = random.normal(rows() * kOutputs);
  }

  std::int64_t rows() const { return case_.rows == nn::Rows::samples ? 2 * examples_ : examples_; }
  const std::vector<float>& x() const { return x_; }
  const std::vector<float>& dy() const { return dy_; }
  const nn::ParameterLayout& layout() const { return parameters_->layout(); }
  std::vector<float> values() { return to_host(parameters_->values().data, layout().size); }
  std::vector<float> gradient() { return to_host(parameters_->gradient().data, layout().size); }
  std::vector<float> dx() { return to_host(tape_.gradient(input_).data, rows() * case_.cols); }

  std::vector<float> forward() {
    upload(tape_[input_].data, x_);
    network_.forward(run(), tape_);
    return to_host(tape_[network_.output()].data, rows() * kOutputs);
  }
  void backward(const nn::GradientUse& use = {}) {
    upload(tape_.gradient(network_.output()).data, dy_);
    network_.backward(run(), tape_, use);
    if (case_.input_gradient) network_.first().backward_input(run(), tape_);
    network_.use_first_gradients(run(), tape_, use, false);
  }

  BatchReference reference() {
    BatchReference reference;
    const auto arena = values();
    for (const nn::TensorInfo& t : layout().tensors) {
      reference.tensors[t.name].assign(arena.begin() + t.offset, arena.begin() + t.offset + t.size());
    }
    reference.samples = case_.rows == nn::Rows::samples ? 2 : 1;
    reference.learning = case_.learning;
    return reference;
  }

 private:
  nn::Run run() { return {context_, *parameters_, {.seed = kSeed, .time = time_.data()}}; }
  void upload(float* to, const std::vector<float>& from) {
    context_.copy_to_device(to, from.data(), sizeof(float) * from.size());
  }
  std::vector<float> to_host(const float* from, std::int64_t size) {
    std::vector<float> values(static_cast<std::size_t>(size));
    context_.copy_to_host(values.data(), from, sizeof(float) * values.size());
    context_.synchronize();
    return values;
  }

  NetworkCase case_;
  Context context_;
  std::int64_t examples_;
  Buffer<std::uint64_t> time_{context_, std::vector<std::uint64_t>{kTime}};
  nn::Builder builder_;
  nn::Slot input_;
  nn::Network network_;
  std::unique_ptr<nn::Parameters> parameters_;
  std::unique_ptr<nn::Plan> plan_;
  Arena arena_;
  nn::Tape tape_;
  std::vector<float> x_, dy_;
};

std::vector<NetworkCase> cases() {
  const auto samples = nn::Rows::samples;
  return {
      {"layer_norm", {"norm layer", "7", "norm layer"}},
      {"group_norm", {"8", "norm group 4", "reshape 2x2x2", "norm group 2"}},
      {"batch_norm", {"7", "norm batch", "5"}},
      {"batch_norm_first", {"norm batch", "4"}, 6, nn::Rows::examples, false},
      {"batch_norm_of_pictures", {"reshape 3x2x1", "norm batch", "12", "reshape 2x2x3", "norm batch"}},
      {"batch_norm_of_samples", {"norm batch", "6", "norm batch"}, 6, samples},
      {"batch_norm_evaluated", {"7", "norm batch", "5"}, 6, nn::Rows::examples, true, false},
      {"batch_norm_first_evaluated", {"norm batch", "5"}, 6, nn::Rows::examples, false, false},
      {"dropout", {"dropout 0.4", "9", "dropout 0.25", "5"}},
      {"dropout_of_samples", {"7", "dropout 0.5"}, 6, samples},
      {"dropout_evaluated", {"7", "dropout 0.5"}, 6, samples, true, false},
      {"residual", {"6", "residual 4", "residual 3"}},
      {"residual_first", {"residual 4", "5"}, 6, nn::Rows::examples, false},
      {"all", {"8", "norm batch", "dropout 0.3", "residual 5", "norm layer", "dropout 0.2", "norm group 2"}},
      {"residual_around_norm", {"norm layer", "residual 4", "norm batch", "residual 2"}, 6, samples},
  };
}

class NormLayers : public testing::TestWithParam<NetworkCase> {};

TEST_P(NormLayers, GradientsAgreeWithFiniteDifferences) {
  ELBO_REQUIRE_DEVICE();
  const NetworkCase& c = GetParam();
  RunNetwork run(c);
  BatchReference reference = run.reference();  // before running statistics move
  const auto y = run.forward();
  run.backward();
  auto x = widen(run.x());
  EXPECT_TRUE(near_all<float>(y, reference.output(c.layers, x, c.cols).values, {1e-5, 1e-4}));
  const auto objective = [&] {
    const auto values = reference.output(c.layers, x, c.cols).values;
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += static_cast<double>(run.dy()[i]) * values[i];
    return sum;
  };
  const auto derivative = [&](double& at) {
    constexpr double kStep = 1e-5;
    const double kept = at;
    at = kept + kStep;
    const double above = objective();
    at = kept - kStep;
    const double below = objective();
    at = kept;
    return (above - below) / (2.0 * kStep);
  };
  const auto gradient = run.gradient();
  double covered = 0.0;
  for (const nn::TensorInfo& tensor : run.layout().tensors) {
    if (tensor.offset >= run.layout().optimized_size) continue;  // running statistics
    std::vector<double> expected;
    for (double& parameter : reference.tensors.at(tensor.name)) expected.push_back(derivative(parameter));
    for (const double value : expected) covered += std::abs(value);
    const std::span<const float> actual(gradient.data() + tensor.offset, expected.size());
    EXPECT_TRUE(near_all<float>(actual, expected, {1e-4, 5e-4})) << tensor.name;
  }
  EXPECT_GT(covered, 0.0);
  if (!c.input_gradient) return;
  std::vector<double> expected;
  for (double& value : x) expected.push_back(derivative(value));
  EXPECT_TRUE(near_all<float>(run.dx(), expected, {1e-4, 5e-4}));
}

TEST_P(NormLayers, AccumulatedGradientsAddUp) {
  ELBO_REQUIRE_DEVICE();
  RunNetwork run(GetParam());
  run.forward();
  run.backward();
  const auto once = run.gradient();
  run.forward();
  run.backward({.accumulate = true, .adam = nullptr, .state = nullptr, .branches = {}});
  std::vector<double> expected = widen(once);
  for (double& value : expected) value *= 2.0;
  EXPECT_TRUE(near_all<float>(run.gradient(), expected, {1e-6, 1e-5}));
}

INSTANTIATE_TEST_SUITE_P(Networks, NormLayers, testing::ValuesIn(cases()), CaseName());

TEST(NormLayers, TheSameNoiseTwiceAndOtherLayersOther) {
  ELBO_REQUIRE_DEVICE();
  const NetworkCase one{"one", {"dropout 0.5"}};
  EXPECT_EQ(RunNetwork(one).forward(), RunNetwork(one).forward());
  RunNetwork twice({"two", {"dropout 0.5", "dropout 0.5"}});
  EXPECT_NE(RunNetwork(one).forward(), twice.forward());
}

// A single row has no variance: its step uses the running statistics and does not change them.
TEST(NormLayers, ALoneRowUsesTheRunningStatistics) {
  ELBO_REQUIRE_DEVICE();
  NetworkCase c{"lone", {"7", "norm batch"}};
  RunNetwork learning(c, 1);
  c.learning = false;
  RunNetwork evaluated(c, 1);
  const auto before = learning.values();
  EXPECT_EQ(learning.forward(), evaluated.forward());
  learning.backward();
  evaluated.backward();
  EXPECT_EQ(learning.gradient(), evaluated.gradient());
  EXPECT_EQ(learning.dx(), evaluated.dx());
  EXPECT_EQ(learning.values(), before);
}

TEST(NormLayers, TensorsHavePyTorchsNames) {
  ELBO_REQUIRE_DEVICE();
  RunNetwork run({"names", {"4", "norm batch", "reshape 2x1x2", "norm group 2"}});
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const nn::TensorInfo& tensor : run.layout().tensors) shapes[tensor.name] = tensor.shape;
  const std::vector<std::int64_t> four = {4}, two = {2};
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    EXPECT_EQ(shapes.at(std::string("net.hidden.1.") + name), four) << name;
  }
  EXPECT_EQ(shapes.at("net.hidden.3.weight"), two);
  EXPECT_EQ(shapes.at("net.hidden.3.bias"), two);
}

void expect_refused(const std::vector<std::string>& layers, const std::string& what) {
  try {
    RunNetwork run({"refused", layers});
    FAIL() << "accepted: " << layers.back();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
  }
}

TEST(NormLayers, WrongWordsAreRefused) {
  ELBO_REQUIRE_DEVICE();
  expect_refused({"8", "norm group 3"}, "8 channels, which cannot be divided into 3 groups");
  expect_refused({"norm group"}, "number of groups is missing");
  expect_refused({"norm instance"}, "norm");
  expect_refused({"norm layer 3"}, "it has no use for \"3\"");
  expect_refused({"dropout 1"}, "below 1");
  expect_refused({"dropout"}, "rate is missing");
  expect_refused({"residual"}, "width is missing");
}

}  // namespace
}  // namespace elbo::test
