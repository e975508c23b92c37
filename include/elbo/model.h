#pragma once
// A model on a device: make one, load one, use it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "elbo/dataset.h"
#include "elbo/device.h"
#include "elbo/precision.h"
#include "elbo/recipe.h"

namespace elbo {

/// The unweighted evidence lower bound on log p(x) and its two costs, in nats per example: summed over
/// dimensions, averaged over examples. elbo = −(reconstruction + kl). With data.standardize they are still of
/// the data in its own scale: the density of the standardised values, divided by Π_j σ_j.
struct ElboTerms {
  double elbo = 0.0;
  double reconstruction = 0.0;  ///< −E_q[log p(x|z)], one sample of z per example
  double kl = 0.0;              ///< KL(q(z|x) ‖ p(z)); 0 for an autoencoder
};

/// Result of an evaluation over a whole split.
struct Evaluation {
  std::int64_t examples = 0;
  ElboTerms terms;
  double squared_error = 0.0;     ///< Σ_j (x_j − E[x_j|z])², averaged over examples
  std::int64_t active_units = 0;  ///< latents with Var_x(E_q[z_d]) > 0.01 (Burda et al. 2016, section 5.2)
  /// −ELBO/(values · log 2) for the (present) values of an example, where the likelihood is of grey levels,
  /// as is the custom there; else nothing.
  std::optional<double> bits_per_dimension;
  std::int64_t nll_samples = 0;  ///< K of the importance-weighted estimate; 0 when not asked for
  double nll = 0.0;              ///< −log (1/K Σ_k p(x,z_k)/q(z_k|x)), averaged (Burda et al. 2016, eq. 8)
  double nll_standard_error = 0.0;  ///< of that average over examples
};

/// The posterior of each example: both [n, latent].
struct Posterior {
  Table mean;
  Table log_variance;  ///< empty for an autoencoder
};

struct ImputeOptions {
  std::int64_t samples = 100;  ///< K of z for each row
  double interval = 0.9;       ///< probability of the central interval, in (0, 1); 0: none
  std::uint64_t seed = 0;
  std::int64_t first_row =
      0;  ///< number of x's first row, by which its noise is keyed: rows may come in parts
};

/// Completed rows, [n, dims] each: what was there stays as it is, in `low` and `high` as well.
struct Imputation {
  Table values;
  Table low, high;                        ///< ends of the central interval; empty where none was asked for
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
  /// E[x|z] for z [n, latent]. Throws ShapeError.
  Table decode(const Table& z);
  /// E[x|z] with z the posterior mean. Throws like encode.
  Table reconstruct(const Table& x);
  /// E[x|z] for n draws of z from the prior. An autoencoder has none: throws ConfigError.
  Table sample(std::int64_t count, std::uint64_t seed);

  /// Completes rows x [n, dims] whose missing values are NaN. A missing value becomes Σ_k w_k E[x_j|z_k] with
  /// z_k ~ q(z|x) and w_k ∝ p(x|z_k) p(z_k)/q(z_k|x) of the present values, Σ w_k = 1: E[x_j|x] by
  /// self-normalised importance sampling (Mattei & Frellsen 2019, eq. 12). `low` and `high` are the
  /// w-weighted quantiles at (1 ∓ interval)/2 of one draw x_j ~ p(x_j|z_k) for each k: with the likelihood's
  /// noise, the interval is one for the value, not for its mean. Any VAE can, whatever its data.missing says.
  /// Deterministic for a seed. Throws like encode; ConfigError for an autoencoder, and on options that cannot
  /// be.
  Imputation impute(const Table& x, const ImputeOptions& options = {});

  /// The ELBO of all examples and, for nll_samples > 0, the importance-weighted NLL with that many samples,
  /// in memory that does not grow with their number. Deterministic for a seed.
  Evaluation evaluate(const Examples& examples, std::int64_t nll_samples = 0, std::uint64_t seed = 0);

  /// For the library's own rooms.
  struct State;
  explicit Model(std::unique_ptr<State> state);
  State& state() { return *state_; }
  const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace elbo
