#pragma once
// A model on a device: make one, load one, use it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "elbo/dataset.h"
#include "elbo/device.h"
#include "elbo/evaluation.h"
#include "elbo/precision.h"
#include "elbo/recipe.h"

namespace elbo {

struct ImputeOptions {
  std::int64_t samples = 100;  ///< K of z for each row
  /// Probability of the central interval, in (0, 1); 0: none. Classes have no order and so no interval.
  double interval = 0.9;
  std::uint64_t seed = 0;
  std::int64_t first_row =
      0;  ///< number of x's first row, by which its noise is keyed: rows may come in parts
};

/// Completed rows, [n, dims] each: what was there stays as it is, in `low` and `high` as well.
struct Imputation {
  Table values;
  Table low, high;  ///< ends of the central interval; empty where none was asked for, and of classes
  /// Of the categorical: that of the class that stands there, 1 where it was there. Else empty.
  Table probability;
  std::vector<double> effective_samples;  ///< [n] 1/Σ w², of K
  std::int64_t missing = 0;               ///< how many values were
};

/// A VAE or autoencoder with its parameters on a device. Movable. One thread at a time uses it.
class Model {
 public:
  /// A fresh model for rows of `dims` values, parameters drawn from the recipe's seed. Throws ConfigError or
  /// DeviceError.
  Model(const Recipe& recipe, std::int64_t dims, Device device = Device::automatic(),
        PictureShape picture = {});
  /// Reads a model.safetensors, or the one in a run folder. Throws IoError, DataError (corrupt, another
  /// shape).
  static Model load(const std::filesystem::path& file_or_run, Device device = Device::automatic());
  /// Writes parameters and recipe as safetensors: to a new file, synced, then renamed into place. Throws
  /// IoError.
  void save(const std::filesystem::path& file) const;

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  /// As the model was made, with train.precision = "auto" resolved for its device.
  const Recipe& recipe() const;
  Device device() const;
  std::int64_t dims() const;
  std::int64_t latent() const;
  PictureShape picture() const;
  std::int64_t parameter_count() const;

  /// Of the products in what follows, and in the validation of a training. fp32 at first, whatever the model
  /// is trained in, so that figures of different devices and trainings are of one measure; the steps of a
  /// training take train.precision of the recipe.
  Precision precision() const;
  void set_precision(Precision precision);

  /// q(z|x) for x [n, dims], given in the data's own scale. Throws ShapeError; DataError on values outside
  /// the likelihood's support.
  Posterior encode(const Table& x);
  /// E[x|z] for z [n, latent]; of the categorical, here and below, each value's most probable class. Throws
  /// ShapeError.
  Table decode(const Table& z);
  /// E[x|z] with z the posterior mean. Throws like encode.
  Table reconstruct(const Table& x);
  /// Whether the model has a prior over codes, and so defines a density over data: all but an autoencoder.
  bool has_prior() const;
  /// Codes [count, latent] drawn from the prior: numbers `first`, first + 1, … of those that the seed gives.
  /// Throws ConfigError where there is no prior, ShapeError.
  Table prior_codes(std::int64_t count, std::uint64_t seed, std::int64_t first = 0) const;
  /// A grid of side·side points of a latent plane, the top row first, at evenly spaced quantiles of each
  /// dimension of the prior. Throws ConfigError where there is no prior or codes are no plane, ShapeError.
  Table prior_grid(std::int64_t side) const;
  /// E[x|z] for n draws of z from the prior. An autoencoder has none: throws ConfigError.
  Table sample(std::int64_t count, std::uint64_t seed);
  /// A draw x ~ p(x|z), with the likelihood's noise, for each of z [n, latent], as row `first_row` and those
  /// after it of what the seed stands for: chunks of rows are the same as all at once. Throws ShapeError;
  /// ConfigError for an autoencoder, which has no p(x|z).
  Table draw(const Table& z, std::uint64_t seed, std::int64_t first_row = 0);

  /// Completes rows x [n, dims] whose missing values are NaN. A missing value becomes Σ_k w_k E[x_j|z_k] with
  /// z_k ~ q(z|x) and w_k ∝ p(x|z_k) p(z_k)/q(z_k|x) of the present values, Σ w_k = 1: E[x_j|x] by
  /// self-normalised importance sampling (Mattei & Frellsen 2019, eq. 12). `low` and `high` are the
  /// w-weighted quantiles at (1 ∓ interval)/2 of one draw x_j ~ p(x_j|z_k) for each k: with the likelihood's
  /// noise, the interval is one for the value, not for its mean. Of the categorical it becomes the class of
  /// the largest Σ_k w_k p(x_j = c|z_k), and that is its probability. Any VAE can, whatever its data.missing
  /// says.
  /// Deterministic for a seed. Throws like encode; ConfigError for an autoencoder, and on options that cannot
  /// be.
  Imputation impute(const Table& x, const ImputeOptions& options = {});

  /// The ELBO of all examples and, for nll_samples > 0, the importance-weighted NLL with that many samples,
  /// in device memory that does not grow with the samples. Deterministic for a seed.
  Evaluation evaluate(const Examples& examples, std::int64_t nll_samples = 0, std::uint64_t seed = 0);

  /// How the KL divides, estimated over `most` of the examples, evenly spaced, or all where there are fewer;
  /// the work grows with the square of their number. Deterministic for a seed. An autoencoder has no prior:
  /// throws ConfigError; also where `most` is less than 1. DataError where there are no examples.
  AggregatePosterior aggregate_posterior(const Examples& examples, std::int64_t most = 10000,
                                         std::uint64_t seed = 0);

  /// What each example costs, to tell anomalies by. `nll_samples` K of the posterior each; with 0 the bound
  /// is from one sample, and there is no NLL. Of an autoencoder the squared error alone. Deterministic for a
  /// seed. Throws like evaluate.
  ExampleScores scores(const Examples& examples, std::int64_t nll_samples, std::uint64_t seed = 0);

  /// −log p(x) by annealed importance sampling (Neal 2001; of decoders Wu et al. 2017): a stochastic bound,
  /// as the importance-weighted NLL is, but one that does not lean on the encoder. Deterministic for a seed.
  /// Throws ConfigError for an autoencoder and where a number in `options` is less than 1; DataError.
  AnnealedEstimate annealed_nll(const Examples& examples, const AnnealingOptions& options = {});

  /// For the library's own rooms.
  struct State;
  explicit Model(std::unique_ptr<State> state);
  State& state() { return *state_; }
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace elbo
