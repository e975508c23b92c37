#pragma once
// A model on a device: make one, load one, use it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/device.h"
#include "elbo/evaluation.h"
#include "elbo/export.h"
#include "elbo/precision.h"
#include "elbo/recipe.h"
#include "elbo/traits.h"

namespace elbo {

struct ModelState;

struct ImputeOptions {
  std::int64_t samples = 100;  ///< K samples of z for each row
  /// Rows with missing values and fewer effective samples than this are drawn again with four times as many,
  /// until they have them or K is above `max_samples`. 0: K stays.
  double min_effective = 0.0;
  std::int64_t max_samples = 6400;
  /// Probability of the central interval, in (0, 1); nothing: no interval. Classes have no order, so they
  /// have none.
  std::optional<double> interval = 0.9;
  std::uint64_t seed = 0;
  std::int64_t first_row = 0;  ///< number of x's first row, which keys the noise: rows may come in parts
  std::vector<std::int32_t> labels = {};  ///< of each row, for a model conditioned on the label alone
  Table conditions = {};                  ///< of each row, for a conditional model, in place of labels
};

/// What a conditional model reads beside the values of each example (model.condition).
struct ConditionColumn {
  /// The table's column, with the names of its levels; empty: a number, less its origin. The label is called
  /// "label" and has its kind.
  Column column;
  double mean = 0.0, deviation = 1.0;  ///< of a number, over the training examples
};

/// Completed rows, [n, dims] each. Present values are kept, in `low` and `high` too.
struct Imputation {
  Table values;
  /// Ends of the central interval; empty if not asked for, or if all columns hold classes. A class that was
  /// missing has NaN.
  Table low, high;
  /// If columns hold classes, the probability of the class in `values`, 1 for a present value, NaN for an
  /// imputed number. Else empty.
  Table probability;
  std::vector<double> effective_samples;  ///< [n] 1/Σ w², of the row's K
  std::int64_t missing = 0;               ///< number of values that were missing
};

/// A named tensor of a model's parameters, as in its file.
struct TensorInfo {
  std::string name;                 ///< "encoder.hidden.0.weight"
  std::vector<std::int64_t> shape;  ///< as PyTorch has it: [out, in] for a linear layer's weight
};

/// A VAE or autoencoder with its parameters on a device. Movable.
///
///     elbo::Model model = elbo::Model::load("runs/mnist");
///     const elbo::Posterior codes = model.encode(examples);      // codes.mean: [n, latent]
///     const elbo::Table pictures = model.sample(16, /*seed=*/1);  // E[x|z] of 16 draws from the prior
///
/// Several threads may call const members of one model: the calls run one after another, each on all cores or
/// on the GPU. All others need the model to themselves. Every call that computes throws OutOfMemoryError
/// if the host's memory does not suffice, DeviceError if the GPU fails or its memory does not suffice.
class ELBO_API Model {
 public:
  /// A new model for rows of `dims` values, its parameters drawn with the recipe's seed. Throws ConfigError
  /// or DeviceError.
  Model(const Recipe& recipe, std::int64_t dims, Device device = Device::automatic(),
        PictureShape picture = {});
  /// Reads a model.safetensors file, or the one in a run folder. Throws IoError; DataError if the file is
  /// corrupt or its shapes do not match its recipe.
  static Model load(const std::filesystem::path& file_or_run, Device device = Device::automatic());
  /// Writes parameters and recipe as safetensors: to a new file, synced, then renamed into place. Throws
  /// IoError.
  void save(const std::filesystem::path& file) const;

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  /// The recipe of the model, with train.precision = "auto" resolved for its device.
  const Recipe& recipe() const;
  Device device() const;
  std::int64_t dims() const;
  std::int64_t latent() const;
  PictureShape picture() const;
  /// The columns of the table that the model was trained on; empty for other data.
  const Schema& schema() const;
  std::int64_t parameter_count() const;
  /// All tensors, in the order of the file.
  std::vector<TensorInfo> tensors() const;
  ModelTraits traits() const;
  /// Whether each of the dims() values is a class: impute() gives these the most probable class.
  std::vector<bool> class_columns() const;

  /// The conditions that the model reads, in the order of recipe().model.condition; none of another model.
  std::vector<ConditionColumn> conditions() const;
  /// The conditions of examples, [n, conditions().size()], in the columns' own scale: numbers less the
  /// column's origin, levels and labels by number. Tables of conditions below are such. Throws DataError for
  /// one that is missing, or that the model does not know.
  Table conditions_of(const Examples& examples) const;
  /// The value in such a table of a condition's text: a level's name, a number, a date. Throws ConfigError,
  /// with the names that there are, for a condition that the model does not read and a text that it has no
  /// value for.
  float condition_value(std::string_view name, std::string_view text) const;

  /// Precision of the matrix products in the calls below and in a training's validation. It is fp32 by
  /// default, whatever the model was trained in, so that results of different devices and trainings are
  /// comparable. Training steps use the recipe's train.precision instead.
  Precision precision() const;
  void set_precision(Precision precision);

  /// q(z|x) of each example, given in the data's own scale. A conditional model reads the examples' labels
  /// and conditions, here and below; one that infers labels takes the likeliest where there is none. Throws
  /// ShapeError if the width is not dims(), DataError if a value is outside the likelihood's support, or such
  /// labels are missing.
  Posterior encode(const Examples& x) const;
  /// The same for x [n, dims].
  Posterior encode(const Table& x) const;
  /// A draw z ~ q(z|x) for each example, [n, latent]. `first_row` numbers the first, and row numbers key the
  /// noise: drawing in parts gives the same codes as drawing all at once. Throws like encode; ConfigError for
  /// an autoencoder, which has no posterior; ShapeError if `first_row` is negative.
  Table posterior_codes(const Examples& x, std::uint64_t seed, std::int64_t first_row = 0) const;
  /// E[x|z] for z [n, latent]. For the categorical likelihood, here and below: each value's most probable
  /// class. `labels`, here and below: the label of each row for a model conditioned on the label alone
  /// (recipe().model.condition), which numbers them as recipe().model.condition_classes names them; empty for
  /// another model. Throws ShapeError if z's width is not latent() or labels are missing, DataError for a
  /// label that the model does not know, ConfigError for labels that it does not read.
  Table decode(const Table& z, std::span<const std::int32_t> labels = {}) const;
  /// The same for any conditional model, with the conditions of each row, as conditions_of() has them. Throws
  /// DataError for one that is missing or not known.
  Table decode(const Table& z, const Table& conditions) const;
  /// E[x|z] with z the posterior mean. A conditional model decodes with the examples' own labels, or as if
  /// they had the labels `as`: what is not in the label stays. With model.prior = "conditional" the code
  /// moves to the place in the prior of `as` that it has in its own label's: (z − μ)/τ stays. Throws like
  /// encode and decode.
  Table reconstruct(const Examples& x, std::span<const std::int32_t> as = {}) const;
  /// The same as if they had these conditions.
  Table reconstruct(const Examples& x, const Table& as) const;
  Table reconstruct(const Table& x) const;
  /// Whether the model has a prior over codes and so defines a density over data. Only an autoencoder has
  /// none.
  bool has_prior() const;
  /// Codes [count, latent] drawn from the prior: numbers `first`, first + 1, … of the sequence that the seed
  /// gives. With model.prior = "conditional" each is drawn from the prior of its row's label, here and below,
  /// as μ + τ ε with the sequence's ε; other priors need no labels. Throws ConfigError if there is no prior,
  /// ShapeError if `count` or `first` is negative or labels are missing, and like decode for others.
  Table prior_codes(std::int64_t count, std::uint64_t seed, std::int64_t first = 0,
                    std::span<const std::int32_t> labels = {}) const;
  /// The same with a table of conditions.
  Table prior_codes(std::int64_t count, std::uint64_t seed, std::int64_t first,
                    const Table& conditions) const;
  /// A grid of side·side codes in a two-dimensional latent space, the top row first, at evenly spaced
  /// quantiles of each dimension of the prior. Throws ConfigError if there is no prior or latent() is not 2,
  /// ShapeError if `side` is not positive, and like prior_codes.
  Table prior_grid(std::int64_t side, std::span<const std::int32_t> labels = {}) const;
  Table prior_grid(std::int64_t side, const Table& conditions) const;
  /// E[x|z] for `count` draws of z from the prior. Throws ConfigError for an autoencoder, which has no prior,
  /// and like decode.
  Table sample(std::int64_t count, std::uint64_t seed, std::span<const std::int32_t> labels = {}) const;
  Table sample(std::int64_t count, std::uint64_t seed, const Table& conditions) const;
  /// Draws x ~ p(x|z), with the likelihood's noise, for each row of z [n, latent]. `first_row` numbers the
  /// first row, and row numbers key the noise: drawing in parts gives the same rows as drawing all at once.
  /// Throws ConfigError for an autoencoder, which has no p(x|z), and like decode.
  Table draw(const Table& z, std::uint64_t seed, std::int64_t first_row = 0,
             std::span<const std::int32_t> labels = {}) const;
  Table draw(const Table& z, std::uint64_t seed, std::int64_t first_row, const Table& conditions) const;

  /// Completes rows x [n, dims] whose missing values are NaN. A missing value becomes Σ_k w_k E[x_j|z_k] with
  /// z_k ~ q(z|x) and w_k ∝ p(x|z_k) p(z_k)/q(z_k|x) of the present values, Σ w_k = 1: E[x_j|x] by
  /// self-normalised importance sampling (Mattei & Frellsen 2019, eq. 12). `low` and `high` are the
  /// w-weighted quantiles at (1 ∓ interval)/2 of one draw x_j ~ p(x_j|z_k) for each k: as the draw includes
  /// the likelihood's noise, the interval is for the value, not for its mean. With the categorical
  /// likelihood, and in the mixed one's columns of classes and coins, the value becomes the class c with the
  /// largest Σ_k w_k p(x_j = c|z_k), which is its probability. Any VAE can impute, whatever its data.missing.
  /// Deterministic for a seed. Throws like encode; ConfigError for an autoencoder or if an option is out of
  /// range.
  Imputation impute(const Table& x, const ImputeOptions& options = {}) const;

  /// The ELBO over all examples and, if nll_samples > 0, the importance-weighted NLL with that many samples.
  /// Device memory does not grow with the samples. Deterministic for a seed. Throws ConfigError if
  /// nll_samples is negative, or positive for an autoencoder; ShapeError if the examples' width is not
  /// dims(); DataError if there are no examples or they do not suit the likelihood.
  Evaluation evaluate(const Examples& examples, std::int64_t nll_samples = 0, std::uint64_t seed = 0) const;

  /// How the KL divides into mutual information and divergence, estimated over `max_count` evenly spaced
  /// examples, or all if there are fewer. The work grows with the square of their number. Deterministic for a
  /// seed. Throws ConfigError for an autoencoder, which has no prior, or if `max_count` is less than 1;
  /// DataError if there are no examples.
  AggregatePosterior aggregate_posterior(const Examples& examples, std::int64_t max_count = 10000,
                                         std::uint64_t seed = 0) const;

  /// Anomaly scores: each example's cost. `nll_samples` is K, the samples of each posterior; with 0 the ELBO
  /// is from one sample and there is no NLL. An autoencoder gives the squared error alone. Deterministic for
  /// a seed. Throws like evaluate.
  ExampleScores scores(const Examples& examples, std::int64_t nll_samples, std::uint64_t seed = 0) const;

  /// What each value of each example costs, [n, dims]: −log p(x_j|z) in nats, in the data's own scale,
  /// averaged over `samples` samples z ~ q(z|x), those of scores() with the same seed; an autoencoder's z is
  /// its code. A row adds up to its −ELBO there less its KL. A missing value has no cost: NaN. Throws like
  /// evaluate; ConfigError if `samples` is less than 1.
  Table value_costs(const Examples& examples, std::int64_t samples, std::uint64_t seed = 0) const;

  /// q(y|x) [n, labels] of each example, of a model that infers labels (model.kind = "m2"). `seed` draws what
  /// data.binarize draws. Throws like scores; ConfigError for another model.
  Table label_probabilities(const Examples& examples, std::uint64_t seed = 0) const;

  /// What each example costs under each label that a model conditioned on the label alone knows, [n, labels]:
  /// −log p(x|y) in nats, importance-weighted with `samples` samples of each, or with 0 the −ELBO from one.
  /// For labels that are equally frequent, p(y|x) is the softmax of the negative row. The examples' own
  /// labels are not read. Deterministic for a seed. Throws like scores; ConfigError if the model is not
  /// conditional, or an autoencoder.
  Table label_costs(const Examples& examples, std::int64_t samples, std::uint64_t seed = 0) const;

  /// −log p(x) by annealed importance sampling (Neal 2001; for decoders Wu et al. 2017): a stochastic bound
  /// like the importance-weighted NLL, but independent of the encoder. Deterministic for a seed. Throws
  /// ConfigError for an autoencoder or if a number in `options` is less than 1, DataError if there are no
  /// examples or a value is outside the likelihood's support.
  AnnealedEstimate annealed_nll(const Examples& examples, const AnnealingOptions& options = {}) const;

 private:
  explicit Model(std::unique_ptr<ModelState> state);
  // The library's own rooms reach the implementation by these (src/model/state.h).
  friend struct ModelAccess;

  std::unique_ptr<ModelState> state_;
};

}  // namespace elbo
