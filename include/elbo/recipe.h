#pragma once
// A recipe: everything that defines a training, as nested settings with the keys of recipes/*.toml.

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elbo {

/// `data.*`
struct DataSettings {
  std::string name = "digits";    ///< what load_dataset takes
  double validation = 0.0;        ///< fraction of train held out, where the data has no validation split
  double test = 0.0;              ///< likewise for test
  std::int64_t picture_size = 0;  ///< pixels a side that a folder's pictures are brought to; 0: none
  std::string binarize = "none";  ///< none, threshold (at 0.5), dynamic (Bernoulli, anew each time)
  std::string missing = "error";  ///< what NaN is: error, mask (a missing value)
  std::string mask;          ///< what load_dataset takes: 0 where a value is missing, else 1; empty: none
  bool standardize = false;  ///< subtract the training mean and divide by its deviation, per dimension
};

/// A hidden layer of a network: a width, which is that of a linear layer with `model.activation`, or a text,
/// the layer's name and then its sizes, as "conv 32 k4 s2". docs/layers.md lists them.
class Layer {
 public:
  template <std::integral Whole>
  Layer(Whole width) : text_(std::to_string(width)) {}
  /// Blanks between words count as one. Whether a layer is written like this is checked where it is used.
  Layer(std::string_view text);
  Layer(const char* text) : Layer(std::string_view(text)) {}
  Layer(const std::string& text) : Layer(std::string_view(text)) {}

  const std::string& text() const noexcept { return text_; }
  /// The width of a linear layer that is given by it; nothing for others.
  std::optional<std::int64_t> width() const;
  /// A whole number, or a text in quotes.
  std::string to_toml() const;

  friend bool operator==(const Layer&, const Layer&) = default;

 private:
  std::string text_;
};
/// As TOML has it.
std::ostream& operator<<(std::ostream& out, const Layer& layer);

/// `model.*`
struct ModelSettings {
  std::string kind = "vae";            ///< vae, autoencoder
  std::vector<Layer> encoder = {400};  ///< the encoder's hidden layers
  std::vector<Layer> decoder = {400};  ///< the decoder's hidden layers
  std::int64_t latent = 20;            ///< dimensions of z
  /// p(z) of a vae: normal, N(0, I); mixture, of Gaussians with parameters of their own; vamp, of the
  /// posteriors of learned pseudo-inputs (Tomczak & Welling 2018).
  std::string prior = "normal";
  std::int64_t components = 500;            ///< of the mixture, or pseudo-inputs
  double pseudo_inputs_sd = 0.05;           ///< with which these are drawn around the data's mean
  std::vector<double> log_variance_bounds;  ///< that log σ² of q(z|x) is kept within: low, high; empty: none
  std::string activation = "relu";          ///< relu, tanh, gelu, silu (also sigmoid, identity)
  std::string likelihood = "bernoulli";     ///< see docs/likelihoods.md
  double variance = 1.0;                    ///< of gaussian(-sigmoid); gaussian-shared begins with it
  double scale = 1.0;                       ///< of the laplace with fixed scale
  std::int64_t classes = 2;                 ///< of the categorical: values are 0 … classes − 1
  bool encode_mask = false;                 ///< the encoder sees which values are missing
  std::string initialization = "pytorch";   ///< pytorch (uniform ±1/√fan_in), he, glorot
  std::string output_bias = "random";       ///< random (like the rest), data (the training data's mean)
};

/// `objective.*`
struct ObjectiveSettings {
  std::string kind = "elbo";   ///< elbo; iwae: the importance-weighted bound (Burda et al. 2016)
  std::int64_t samples = 1;    ///< K, of z for each example
  double beta = 1.0;           ///< weight of the KL while training; what is reported stays unweighted
  double warmup_epochs = 0.0;  ///< over which the KL's weight rises linearly from 0 to beta
  /// Cyclical annealing (Fu et al. 2019): the KL's weight rises from 0 to beta this often in a training, each
  /// time over the first ramp_fraction of the cycle. 0: none.
  std::int64_t cycles = 0;
  double ramp_fraction = 0.5;
  double free_bits = 0.0;  ///< nats of each latent dimension's KL that cost nothing (Kingma et al. 2016)
  double capacity = 0.0;   ///< C in beta |KL − C| (Burgess et al. 2018), nats; 0: none
  double capacity_epochs = 0.0;  ///< over which C rises linearly from 0
  double code_l1 = 0.0;          ///< times Σ|z|, of an autoencoder
  double code_l2 = 0.0;          ///< times Σz², of an autoencoder
  /// Of what the encoder sees while training (Vincent et al. 2008): none, gaussian, masking.
  std::string corruption = "none";
  double corruption_amount = 0.0;  ///< gaussian's standard deviation, or the fraction that masking drops
};

/// `train.*`
struct TrainSettings {
  std::int64_t epochs = 10;
  std::int64_t batch = 128;
  std::string optimizer = "adam";  ///< adam, adamax (Kingma & Ba 2015)
  double learning_rate = 1e-3;
  /// How the rate goes: constant; step (times decay_factor every decay_epochs); cosine (down to
  /// final_learning_rate at the last step); staged (stage_epochs, each at its stage_rates, instead of
  /// learning_rate). docs/training.md says more.
  std::string schedule = "constant";
  double warmup_epochs = 0.0;  ///< first, the schedule's rate is approached linearly from 0
  double decay_epochs = 30.0;
  double decay_factor = 0.1;
  double final_learning_rate = 0.0;
  std::vector<std::int64_t> stage_epochs;
  std::vector<double> stage_rates;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  /// Each tensor's gradient is divided by its norm first (Tomczak & Welling 2018).
  bool normalize_gradient = false;
  /// A step whose gradient has a larger norm, or one that is not finite, moves nothing but the running
  /// statistics of "norm batch". 0: none is skipped.
  double skip_norm = 0.0;
  double clip_norm = 0.0;               ///< largest global gradient norm; 0 means no clipping
  std::int64_t accumulation_steps = 1;  ///< batches whose gradient makes up one step
  double ema = 0.0;  ///< decay of the running average of the weights that is evaluated and saved; 0: none
  std::int64_t patience = 0;  ///< epochs without a better validation cost that end the training; 0: no end
  std::uint64_t seed = 1;
  /// Of the products in a step: fp32, tf32, bf16 (see elbo/precision.h). auto is what
  /// default_training_precision() says of the device; a model's recipe has that in its place.
  std::string precision = "auto";
  bool tune = true;  ///< on CUDA, time what can compute each product and take the fastest
};

/// All settings of a training. Default-constructed, it is a small VAE for `digits`.
struct Recipe {
  std::string name = "custom";
  std::string description;
  DataSettings data;
  ModelSettings model;
  ObjectiveSettings objective;
  TrainSettings train;

  /// A recipe that ships with elbo. Throws ConfigError with the nearest known name.
  static Recipe named(std::string_view name);
  /// The names `named` takes.
  static std::vector<std::string> names();
  /// Reads TOML. `origin` names the text in errors. Throws ConfigError with file, line and nearest key. Keys
  /// and values may have the names that an earlier elbo gave them; `notes`, unless null, gets a sentence for
  /// each: "my.toml:5: train.accumulate is now called train.accumulation_steps".
  static Recipe from_toml(std::string_view text, std::string_view origin = "recipe",
                          std::vector<std::string>* notes = nullptr);
  /// Reads a file, likewise. Throws IoError where it cannot be read.
  static Recipe from_file(const std::filesystem::path& file, std::vector<std::string>* notes = nullptr);

  /// Applies "key=value", the value in TOML syntax (a bare word is taken as a string): `model.latent=2`,
  /// `model.encoder=[64, 32]`. Checks this value alone, so that settings which only make sense together can
  /// be given in any order. Former names are read and noted as by `from_toml`. Throws ConfigError with the
  /// nearest known key.
  void set(std::string_view key_equals_value, std::vector<std::string>* notes = nullptr);
  /// TOML with every setting spelled out; `from_toml` reads it back to an equal recipe.
  std::string to_toml() const;
  /// Checks every value, and that they make sense together. Throws ConfigError naming the key. What reads a
  /// recipe calls it, and so does a model that is built from one.
  void validate() const;
  /// Checks that each of `settings`, "key=value" as `set` took them, changes something: train.decay_factor
  /// does with train.schedule = "step" alone. Throws ConfigError that says with what it would, where a
  /// setting is given by its former name and its own, and where `validate` throws.
  void check_counts(std::span<const std::string> settings) const;
};

}  // namespace elbo
