#pragma once
// Layers in float64, implemented separately from their definitions, one row at a time. Weights are in the
// order of files, which is PyTorch's.

#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/recipe.h"
#include "base/check.h"
#include "math/activation_kind.h"
#include "nn/parameter_layout.h"

namespace elbo::test {

/// A model's parameters by name, in double precision.
using NamedTensors = std::map<std::string, std::vector<double>>;

/// Splits a downloaded arena into its tensors.
inline NamedTensors to_named(const nn::ParameterLayout& layout, const std::vector<float>& arena) {
  NamedTensors tensors;
  for (const nn::TensorInfo& t : layout.tensors) {
    const auto values = nn::to_file_order(
        t, std::span(arena).subspan(static_cast<std::size_t>(t.offset), static_cast<std::size_t>(t.size())));
    tensors[t.name].assign(values.begin(), values.end());
  }
  return tensors;
}

inline double reference_activation(Activation activation, double v) {
  switch (activation) {
    case Activation::identity:
      return v;
    case Activation::relu:
      return v > 0 ? v : 0;
    case Activation::tanh:
      return std::tanh(v);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-v));
    case Activation::gelu:
      return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0)));
    case Activation::silu:
      return v / (1 + std::exp(-v));
  }
  return NAN;
}

/// The value between layers: a row, and its picture shape if it is a picture.
struct ReferenceRow {
  std::vector<double> values;
  PictureShape picture;
};

/// A layer's text, parsed separately from the library.
struct ReferenceWords {
  std::string kind;
  std::vector<std::string> sizes;  ///< words without a letter before their number

  explicit ReferenceWords(const std::string& text) : text_(" " + text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const bool sized = word.find_first_not_of("0123456789x") == std::string::npos;
      const bool option = word.size() > 1 && std::string("kspo").find(word[0]) != std::string::npos &&
                          std::isdigit(static_cast<unsigned char>(word[1]));
      if (sized) sizes.push_back(word);
      if (!sized && !option) kind += (kind.empty() ? "" : " ") + word;
    }
  }
  std::int64_t option(char letter, std::int64_t otherwise) const {
    const auto at = text_.find(std::string(" ") + letter);
    for (auto from = at; from != std::string::npos; from = text_.find(std::string(" ") + letter, from + 1)) {
      if (std::isdigit(static_cast<unsigned char>(text_[from + 2])))
        return std::stoll(text_.substr(from + 2));
    }
    return otherwise;
  }

 private:
  std::string text_;
};

class ReferenceLayers {
 public:
  ReferenceLayers(const NamedTensors& tensors, Activation activation)
      : tensors_(tensors), activation_(activation) {}

  /// A network's hidden layers. The first that is no reshape and no dropout also reads the condition, if
  /// there is one.
  ReferenceRow hidden(const std::string& network, const std::vector<Layer>& layers, ReferenceRow x,
                      std::vector<double> condition = {}) const {
    const auto takes_activation = [&](std::size_t l) { return layers[l].text().starts_with("norm"); };
    bool pending = false;  // an activation that a normalisation will apply
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const std::string kind = ReferenceWords(layers[l].text()).kind;
      x = layer(network + ".hidden." + std::to_string(l), layers[l].text(), x);
      if (kind != "reshape" && !kind.starts_with("dropout"))
        x.values = conditioned(network, std::move(x.values), std::exchange(condition, {}));
      pending = pending || kind.empty() || kind == "conv" || kind == "deconv";
      if (!pending || (l + 1 < layers.size() && takes_activation(l + 1))) continue;
      x = activated(std::move(x));
      pending = false;
    }
    return x;
  }

  /// A layer's values and the condition's linear layer, added; without a condition the values.
  std::vector<double> conditioned(const std::string& network, std::vector<double> values,
                                  const std::vector<double>& condition) const {
    if (condition.empty()) return values;
    const auto added = linear(network + ".condition", condition);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += added[i];
    return values;
  }

  std::vector<double> linear(const std::string& name, const std::vector<double>& x) const {
    const auto& w = tensors_.at(name + ".weight");
    std::vector<double> y = tensors_.at(name + ".bias");
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
    }
    return y;
  }

  /// Conv2d: sums over each output's patch.
  ReferenceRow conv(const std::string& name, const ReferenceRow& x, std::int64_t kernel, std::int64_t stride,
                    std::int64_t padding) const {
    const auto& w = tensors_.at(name + ".weight");  // [out, in, kernel, kernel]
    const auto& b = tensors_.at(name + ".bias");
    const PictureShape& from = x.picture;
    ReferenceRow y;
    y.picture = {(from.height + 2 * padding - kernel) / stride + 1,
                 (from.width + 2 * padding - kernel) / stride + 1, std::ssize(b)};
    y.values.resize(static_cast<std::size_t>(y.picture.height * y.picture.width * y.picture.channels));
    for_pixels(y.picture, [&](std::int64_t oy, std::int64_t ox, std::int64_t o) {
      double sum = b[static_cast<std::size_t>(o)];
      for_pixels({kernel, kernel, from.channels}, [&](std::int64_t ky, std::int64_t kx, std::int64_t c) {
        const std::int64_t iy = oy * stride + ky - padding, ix = ox * stride + kx - padding;
        if (iy < 0 || ix < 0 || iy >= from.height || ix >= from.width) return;
        sum += x.values[at(from, iy, ix, c)] *
               w[static_cast<std::size_t>(((o * from.channels + c) * kernel + ky) * kernel + kx)];
      });
      y.values[at(y.picture, oy, ox, o)] = sum;
    });
    return y;
  }

  /// ConvTranspose2d: each input adds its patch to the output.
  ReferenceRow conv_transpose(const std::string& name, const ReferenceRow& x, std::int64_t kernel,
                              std::int64_t stride, std::int64_t padding, std::int64_t more) const {
    const auto& w = tensors_.at(name + ".weight");  // [in, out, kernel, kernel]
    const auto& b = tensors_.at(name + ".bias");
    const PictureShape& from = x.picture;
    const auto extent = [&](std::int64_t in) { return (in - 1) * stride - 2 * padding + kernel + more; };
    ReferenceRow y;
    y.picture = {extent(from.height), extent(from.width), std::ssize(b)};
    y.values.resize(static_cast<std::size_t>(y.picture.height * y.picture.width * y.picture.channels));
    for_pixels(y.picture, [&](std::int64_t oy, std::int64_t ox, std::int64_t o) {
      y.values[at(y.picture, oy, ox, o)] = b[static_cast<std::size_t>(o)];
    });
    for_pixels(from, [&](std::int64_t iy, std::int64_t ix, std::int64_t c) {
      for_pixels({kernel, kernel, y.picture.channels}, [&](std::int64_t ky, std::int64_t kx, std::int64_t o) {
        const std::int64_t oy = iy * stride + ky - padding, ox = ix * stride + kx - padding;
        if (oy < 0 || ox < 0 || oy >= y.picture.height || ox >= y.picture.width) return;
        y.values[at(y.picture, oy, ox, o)] +=
            x.values[at(from, iy, ix, c)] *
            w[static_cast<std::size_t>(((c * y.picture.channels + o) * kernel + ky) * kernel + kx)];
      });
    });
    return y;
  }

 private:
  template <class F>
  static void for_pixels(const PictureShape& shape, const F& f) {
    for (std::int64_t y = 0; y < shape.height; ++y) {
      for (std::int64_t x = 0; x < shape.width; ++x) {
        for (std::int64_t c = 0; c < shape.channels; ++c) f(y, x, c);
      }
    }
  }
  static std::size_t at(const PictureShape& shape, std::int64_t y, std::int64_t x, std::int64_t c) {
    return static_cast<std::size_t>((y * shape.width + x) * shape.channels + c);
  }

  ReferenceRow activated(ReferenceRow row) const {
    for (double& v : row.values) v = reference_activation(activation_, v);
    return row;
  }
  static ReferenceRow gated(ReferenceRow value, const ReferenceRow& gate) {
    for (std::size_t i = 0; i < value.values.size(); ++i) value.values[i] /= 1 + std::exp(-gate.values[i]);
    return value;
  }

  /// Normalises by the row's own statistics of `groups` groups of channels, or by the channels' running
  /// statistics.
  ReferenceRow normalized(const std::string& name, ReferenceRow x, std::size_t groups, bool running) const {
    const auto& gamma = tensors_.at(name + ".weight");
    const std::size_t channels = gamma.size();
    const auto group = [&](std::size_t i) { return i % channels / (channels / groups); };
    const double count = static_cast<double>(x.values.size()) / static_cast<double>(groups);
    std::vector<double> mean(groups), variance(groups);
    if (running) {
      mean = tensors_.at(name + ".running_mean");
      variance = tensors_.at(name + ".running_var");
    } else {
      for (std::size_t i = 0; i < x.values.size(); ++i) mean[group(i)] += x.values[i] / count;
      for (std::size_t i = 0; i < x.values.size(); ++i) {
        variance[group(i)] += std::pow(x.values[i] - mean[group(i)], 2) / count;
      }
    }
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      const double normal = (x.values[i] - mean[group(i)]) / std::sqrt(variance[group(i)] + 1e-5);
      x.values[i] = gamma[i % channels] * normal + tensors_.at(name + ".bias")[i % channels];
    }
    return x;
  }

  ReferenceRow residual(const std::string& name, const ReferenceRow& x) const {
    const bool picture = x.picture.is_picture();
    ReferenceRow y =
        picture ? conv(name + ".0", x, 3, 1, 1) : ReferenceRow{linear(name + ".0", x.values), {}};
    y = activated(std::move(y));
    y = picture ? conv(name + ".1", y, 1, 1, 0) : ReferenceRow{linear(name + ".1", y.values), {}};
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += x.values[i];
    return y;
  }

  /// A layer without its final model.activation.
  ReferenceRow layer(const std::string& name, const std::string& text, const ReferenceRow& x) const {
    const ReferenceWords words(text);
    const std::int64_t k = words.option('k', 3), s = words.option('s', 1), p = words.option('p', (k - 1) / 2);
    if (words.kind.empty()) return {linear(name, x.values), {}};
    if (words.kind == "gated")
      return gated({linear(name + ".value", x.values), {}}, {linear(name + ".gate", x.values), {}});
    if (words.kind == "conv") return conv(name, x, k, s, p);
    if (words.kind == "gated conv")
      return gated(conv(name + ".value", x, k, s, p), conv(name + ".gate", x, k, s, p));
    if (words.kind == "deconv") {
      const std::int64_t usual = std::max<std::int64_t>(0, s - k + 2 * p);
      return conv_transpose(name, x, k, s, p, words.option('o', std::min(usual, s - 1)));
    }
    if (words.kind == "reshape") {
      PictureShape picture;
      char cross = 0;
      std::istringstream(words.sizes.at(0)) >> picture.height >> cross >> picture.width >> cross >>
          picture.channels;
      return {x.values, picture};
    }
    if (words.kind == "residual") return residual(name, x);
    if (words.kind == "norm layer") return normalized(name, x, 1, false);
    if (words.kind == "norm group") return normalized(name, x, std::stoul(words.sizes.at(0)), false);
    if (words.kind == "norm batch") return normalized(name, x, tensors_.at(name + ".weight").size(), true);
    if (words.kind.starts_with("dropout")) return x;  // outside training
    throw ConfigError("no reference for " + text);
  }

  const NamedTensors& tensors_;
  Activation activation_;
};

}  // namespace elbo::test
