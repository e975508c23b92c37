#pragma once
// The whole objective in float64, implemented from the formulas and independent of the ops, for comparison
// with the model's gradients and losses.

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "cases/likelihood.h"
#include "cases/mixture.h"
#include "support/reference_layers.h"
#include "vae/likelihood/column_kind.h"
#include "vae/vae.h"

namespace elbo::test {

/// −ELBO for given noise, computed row by row.
class ReferenceVae {
 public:
  ReferenceVae(const ModelConfig& config, NamedTensors tensors)
      : config_(config), tensors_(std::move(tensors)) {}

  NamedTensors& tensors() { return tensors_; }
  const NamedTensors& tensors() const { return tensors_; }
  /// Sets which values of a batch are present, [n, dims]; empty: all.
  void set_mask(std::vector<double> mask) { mask_ = std::move(mask); }

  /// Sets the examples' labels for a conditional model, [n].
  void set_labels(std::vector<std::int32_t> labels) { labels_ = std::move(labels); }

  /// Sets what a model conditioned on columns reads in place of a label: labels are then numbers of these
  /// rows.
  void set_conditions(std::vector<std::vector<double>> rows) { conditions_ = std::move(rows); }

  /// Costs of one example with noise ε [samples · latent]; `mask` [dims] marks present values of x, null:
  /// all; the encoder reads `seen` [dims] instead of x, null: x; a conditional model reads `label`.
  struct Costs {
    std::vector<double> nll;        // per sample
    std::vector<double> log_ratio;  // per sample: log q(z|x) − log p(z), here and below p(z|y) if it is so
    double kl = 0.0;                // the mean of log_ratio if the prior is a mixture
    std::vector<double> kl_of_dimension;
    std::vector<double> code;  // μ
  };
  Costs costs(const double* x, const double* epsilon, std::int64_t samples, const double* mask = nullptr,
              const double* seen = nullptr, std::int32_t label = 0) const {
    if (!seen) seen = x;
    const std::vector<double> condition = one_hot(label);
    std::vector<double> input = encoder_input(seen, mask);
    if (mask && config_.encode_mask) input.insert(input.end(), mask, mask + config_.dims);
    const auto [mean, log_variance] = head(input, condition);
    const auto mixture = prior();
    const Head normal = normal_prior(condition);
    const ReferenceLayers layers(tensors_, config_.activation);
    Costs result;
    for (std::size_t d = 0; variational() && d < mean.size(); ++d) {
      const double apart = mean[d] - normal.mean[d], variance = std::exp(normal.log_variance[d]);
      result.kl_of_dimension.push_back(0.5 * (normal.log_variance[d] - log_variance[d] +
                                              (std::exp(log_variance[d]) + apart * apart) / variance - 1.0));
      result.kl += result.kl_of_dimension.back();
    }
    result.code = mean;
    for (std::int64_t k = 0; k < (variational() ? samples : 1); ++k) {
      std::vector<double> z = mean;
      double log_ratio = 0.0;
      for (std::size_t d = 0; variational() && d < z.size(); ++d) {
        const double e = epsilon[static_cast<std::size_t>(k) * z.size() + d];
        z[d] += std::exp(0.5 * log_variance[d]) * e;
        const double apart = z[d] - normal.mean[d], variance = std::exp(normal.log_variance[d]);
        log_ratio += 0.5 * (apart * apart / variance + normal.log_variance[d] - e * e - log_variance[d]);
      }
      if (mixture) log_ratio += mixture->excess(z.data());
      result.log_ratio.push_back(log_ratio);
      const ReferenceRow hidden = layers.hidden("decoder", config_.decoder, {z, {}}, condition);
      const auto of_head = config_.decoder.empty() ? condition : std::vector<double>{};
      result.nll.push_back(nll(x, mask, layers.conditioned("decoder", outputs(layers, hidden), of_head)));
    }
    if (mixture) {
      result.kl = 0.0;
      for (const double ratio : result.log_ratio) result.kl += ratio / static_cast<double>(samples);
    }
    return result;
  }

  /// Mean over the batch of (mean over samples of nll) + β·kl. x [n, dims], epsilon [n · samples, latent].
  double objective(const std::vector<double>& x, const std::vector<double>& epsilon, std::int64_t samples,
                   double beta) const {
    return mean_over_batch(x, epsilon, samples, [&](const Costs& c) {
      double total = beta * c.kl;
      for (const double value : c.nll) total += value / static_cast<double>(c.nll.size());
      return total;
    });
  }

  /// Mean over the batch of −log(1/K Σ_k exp(−nll_k − β·log_ratio_k)).
  double negative_bound(const std::vector<double>& x, const std::vector<double>& epsilon,
                        std::int64_t samples, double beta) const {
    return mean_over_batch(x, epsilon, samples, [&](const Costs& c) {
      std::vector<double> log_weights;
      for (std::size_t k = 0; k < c.nll.size(); ++k) log_weights.push_back(-c.nll[k] - beta * c.log_ratio[k]);
      const double largest = *std::max_element(log_weights.begin(), log_weights.end());
      double sum = 0.0;
      for (const double value : log_weights) sum += std::exp(value - largest);
      return -(largest + std::log(sum / static_cast<double>(c.nll.size())));
    });
  }

 private:
  struct Head {
    std::vector<double> mean, log_variance;
  };
  std::vector<double> one_hot(std::int32_t label) const {
    if (!conditions_.empty()) return conditions_[static_cast<std::size_t>(label)];
    std::vector<double> hot(static_cast<std::size_t>(config_.condition_classes));
    if (!hot.empty()) hot[static_cast<std::size_t>(label)] = 1.0;
    return hot;
  }

  /// The encoder's output.
  Head head(const std::vector<double>& input, const std::vector<double>& condition) const {
    const ReferenceLayers layers(tensors_, config_.activation);
    const auto hidden = layers.hidden("encoder", config_.encoder, {input, config_.picture}, condition).values;
    std::vector<double> both = layers.linear("encoder.mean", hidden);
    const std::size_t latent = both.size();
    if (variational()) {
      const auto second = layers.linear("encoder.log_variance", hidden);
      both.insert(both.end(), second.begin(), second.end());
    }
    if (config_.encoder.empty()) both = layers.conditioned("encoder", std::move(both), condition);
    const auto end_of_mean = both.begin() + static_cast<std::ptrdiff_t>(latent);
    Head made{{both.begin(), end_of_mean}, {end_of_mean, both.end()}};
    made.log_variance.resize(latent);
    bound(made.log_variance);
    return made;
  }
  void bound(std::vector<double>& log_variance) const {
    if (config_.log_variance_bounds.empty()) return;
    for (double& value : log_variance)
      value = std::clamp(value, config_.log_variance_bounds[0], config_.log_variance_bounds[1]);
  }

  /// The Gaussian prior of the condition; N(0, I) unless it is conditional.
  Head normal_prior(const std::vector<double>& condition) const {
    const auto latent = static_cast<std::size_t>(config_.latent);
    if (config_.prior != "conditional") return {std::vector<double>(latent), std::vector<double>(latent)};
    const ReferenceLayers layers(tensors_, config_.activation);
    const auto hidden = layers.hidden("prior", config_.prior_layers, {condition, {}}).values;
    Head made{layers.linear("prior.mean", hidden), layers.linear("prior.log_variance", hidden)};
    bound(made.log_variance);
    return made;
  }

  /// The prior if it is a mixture.
  std::optional<ReferenceMixture> prior() const {
    if (config_.prior == "mixture") {
      return ReferenceMixture{static_cast<std::size_t>(config_.latent), tensors_.at("prior.mean"),
                              tensors_.at("prior.log_variance"), tensors_.at("prior.logits")};
    }
    if (config_.prior != "vamp") return std::nullopt;
    ReferenceMixture mixture{static_cast<std::size_t>(config_.latent), {}, {}, {}};
    const auto& inputs = tensors_.at("prior.pseudo_inputs");
    const auto count = static_cast<std::size_t>(config_.components), width = inputs.size() / count;
    for (std::size_t c = 0; c < count; ++c) {
      std::vector<double> input(inputs.begin() + static_cast<std::ptrdiff_t>(c * width),
                                inputs.begin() + static_cast<std::ptrdiff_t>((c + 1) * width));
      const auto kind = likelihood_named(config_.likelihood);
      const bool bounded =
          kind && likelihood_support(*kind) != Support::real && likelihood_support(*kind) != Support::counts;
      for (double& value : input) value = bounded ? std::clamp(value, 0.0, 1.0) : value;
      const Head of = head(input, {});
      mixture.mean.insert(mixture.mean.end(), of.mean.begin(), of.mean.end());
      mixture.log_variance.insert(mixture.log_variance.end(), of.log_variance.begin(), of.log_variance.end());
      mixture.logits.push_back(0.0);
    }
    return mixture;
  }

  bool variational() const { return config_.kind != "autoencoder"; }

  template <class Objective>
  double mean_over_batch(const std::vector<double>& x, const std::vector<double>& epsilon,
                         std::int64_t samples, Objective objective) const {
    const auto n = static_cast<std::int64_t>(x.size()) / config_.dims;
    double total = 0.0;
    for (std::int64_t i = 0; i < n; ++i) {
      total += objective(costs(x.data() + i * config_.dims, epsilon.data() + i * samples * config_.latent,
                               samples, mask_.empty() ? nullptr : mask_.data() + i * config_.dims, nullptr,
                               labels_.empty() ? 0 : labels_[static_cast<std::size_t>(i)]));
    }
    return total / static_cast<double>(n);
  }

  /// The kind of value j and its constants.
  std::pair<LikelihoodKind, LikelihoodConstants> formula(std::int64_t j) const {
    LikelihoodConstants constants = config_.constants;
    if (const auto kind = likelihood_named(config_.likelihood)) return {*kind, constants};
    const auto column = read_column_kind(config_.column_likelihoods[static_cast<std::size_t>(j)]);
    constants.classes = column.classes;
    return {column.kind, constants};
  }

  /// Numbers as they are, counts as log(1 + x), classes one-hot: of a table column by column, else class c of
  /// value j at c·dims + j. Missing values are 0.
  std::vector<double> encoder_input(const double* x, const double* mask) const {
    const auto present = [&](std::int64_t j) { return mask ? mask[j] : 1.0; };
    std::vector<double> input;
    if (config_.likelihood == "categorical") {
      for (int c = 0; c < config_.constants.classes; ++c) {
        for (std::int64_t j = 0; j < config_.dims; ++j) input.push_back(x[j] == c ? present(j) : 0.0);
      }
      return input;
    }
    for (std::int64_t j = 0; j < config_.dims; ++j) {
      const auto [kind, constants] = formula(j);
      const Support support = likelihood_support(kind);
      if (support == Support::classes) {
        for (int c = 0; c < constants.classes; ++c) input.push_back(x[j] == c ? present(j) : 0.0);
      } else {
        input.push_back(present(j) * (support == Support::counts ? std::log1p(x[j]) : x[j]));
      }
    }
    return input;
  }

  /// The likelihood's parameters: parameter p of value j at p·dims + j.
  std::vector<double> outputs(const ReferenceLayers& layers, const ReferenceRow& hidden) const {
    std::vector<double> outputs;
    const bool pictures = config_.picture.is_picture() && hidden.picture.height == config_.picture.height &&
                          hidden.picture.width == config_.picture.width;
    const auto kind = likelihood_named(config_.likelihood);
    if (!kind) return layers.linear("decoder.output", hidden.values);
    for (int p = 0; p < likelihood_heads(*kind); ++p) {
      const std::string name = concat("decoder.", likelihood_head(*kind, p));
      const auto head =
          pictures ? planes(layers.conv(name, hidden, 1, 1, 0)) : layers.linear(name, hidden.values);
      outputs.insert(outputs.end(), head.begin(), head.end());
    }
    return outputs;
  }

  /// Splits a picture with channels of several parameters into one picture per parameter, one after the
  /// other.
  std::vector<double> planes(const ReferenceRow& from) const {
    const auto all = static_cast<std::size_t>(from.picture.channels),
               of_one = static_cast<std::size_t>(config_.picture.channels);
    std::vector<double> planes;
    for (std::size_t first = 0; first < all; first += of_one) {
      for (std::size_t i = 0; i < from.values.size(); ++i) {
        if (i % all >= first && i % all < first + of_one) planes.push_back(from.values[i]);
      }
    }
    return planes;
  }

  double nll(const double* x, const double* mask, const std::vector<double>& outputs) const {
    const auto dims = static_cast<std::size_t>(config_.dims);
    const bool by_column = config_.likelihood == "mixed";
    double total = 0.0;
    std::size_t first = 0;
    for (std::size_t j = 0; j < dims; ++j) {
      auto [kind, constants] = formula(static_cast<std::int64_t>(j));
      if (const auto own = tensors_.find("decoder.log_variance"); own != tensors_.end()) {
        constants.variance = static_cast<float>(std::exp(own->second[0]));
      }
      const auto count = static_cast<std::size_t>(likelihood_parameters(kind, constants));
      std::vector<double> at;
      for (std::size_t p = 0; p < count; ++p) at.push_back(outputs[by_column ? first + p : p * dims + j]);
      first += count;
      if (!mask || mask[j] != 0.0) total += reference_nll(kind, constants, x[j], at);
    }
    return total;
  }

  ModelConfig config_;
  NamedTensors tensors_;
  std::vector<double> mask_;
  std::vector<std::int32_t> labels_;
  std::vector<std::vector<double>> conditions_;
};

/// Derivative of `value()` with respect to `parameter` by a fourth-order central difference.
inline double finite_difference(double& parameter, const std::function<double()>& value, double h = 1e-3) {
  const double kept = parameter;
  const auto at = [&](double offset) {
    parameter = kept + offset;
    return value();
  };
  const double derivative = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  parameter = kept;
  return derivative;
}

}  // namespace elbo::test
