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

#include "elbo/choices.h"
#include "elbo/dataset.h"
#include "elbo/export.h"
#include "elbo/precision.h"

namespace elbo {

/// `data.*`
struct DataSettings {
  std::string name = "digits";  ///< what load_dataset takes
  /// A trained model's file or run, whose codes of the named data are the data: for trainings in stages. The
  /// command `elbo train` takes a recipe as well, which it trains first.
  std::string codes_of;
  double validation = 0.0;  ///< fraction of train held out if the data has no validation split
  double test = 0.0;        ///< the same for the test split
  std::int64_t limit = 0;   ///< training examples that are used, evenly spaced; 0: all
  std::int64_t labels = 0;  ///< training examples that keep their labels, balanced, drawn by the seed; 0: all
  std::int64_t picture_size = 0;  ///< pixels a side that a folder's pictures are resized to; 0: not resized
  std::string resize;             ///< "64x48": the width and height that a folder's pictures are resized to
  std::int64_t channels = 0;      ///< that pictures in files are brought to: 1, 3; 0: as they are
  std::int64_t background = -1;   ///< grey level under transparent pictures; -1: transparency is dropped
  std::int64_t skip_bad = 0;      ///< how many damaged picture files of a folder may be left out
  Binarize binarize = Binarize::none;                ///< whether values become 0 or 1, and how
  MissingValues missing = MissingValues::automatic;  ///< what NaN is
  std::string mask;   ///< data for load_dataset: 0 where a value is missing, else 1; empty: none
  std::string label;  ///< a table's column of labels; "none": none; empty: found by its name
  std::string id;     ///< its column of ids, in the same way
  std::vector<std::string> columns;           ///< its columns to use, by name or by number from 1; empty: all
  std::vector<std::string> drop;              ///< its columns to leave out
  std::vector<std::string> kinds;             ///< "NAME=KIND" for columns whose kind is not to be inferred
  HeaderLine header = HeaderLine::automatic;  ///< whether its first line has names
  DecimalSign decimal = DecimalSign::automatic;  ///< of its numbers
  bool standardize = false;  ///< subtract the training mean and divide by the deviation, per dimension

  friend bool operator==(const DataSettings&, const DataSettings&) = default;
};

/// A hidden layer of a network: either the width of a linear layer with `model.activation`, or a text with
/// the layer's name and sizes, such as "conv 32 k4 s2". docs/networks.md lists them.
class ELBO_API Layer {
 public:
  template <std::integral Whole>
  Layer(Whole width) : text_(std::to_string(width)) {}
  /// Several blanks between words count as one. The text is checked later, when the layer is used.
  Layer(std::string_view text);
  Layer(const char* text) : Layer(std::string_view(text)) {}
  Layer(const std::string& text) : Layer(std::string_view(text)) {}

  const std::string& text() const noexcept { return text_; }
  /// The width if the layer is given as one; else nothing.
  std::optional<std::int64_t> width() const;
  /// Formats the layer for TOML: a whole number, or a text in quotes.
  std::string to_toml() const;

  friend bool operator==(const Layer&, const Layer&) = default;

 private:
  std::string text_;
};
/// Writes to_toml().
ELBO_API std::ostream& operator<<(std::ostream& out, const Layer& layer);

/// `model.*`
struct ModelSettings {
  /// vae; m2, a VAE whose label is a latent variable too (Kingma et al. 2014, "M2"); autoencoder.
  std::string kind = "vae";
  std::vector<Layer> encoder = {400};  ///< the encoder's hidden layers
  std::vector<Layer> decoder = {400};  ///< the decoder's hidden layers
  std::int64_t latent = 20;            ///< dimensions of z
  /// p(z) of a VAE: normal, N(0, I); conditional, a learned Gaussian p(z|y) for each label of a conditional
  /// model (Sohn et al. 2015, eq. 4); mixture, a mixture of Gaussians with learned parameters; vamp, a
  /// mixture of the posteriors of learned pseudo-inputs (Tomczak & Welling 2018).
  std::string prior = "normal";
  std::int64_t components = 500;    ///< Gaussians of the mixture, or pseudo-inputs
  double pseudo_inputs_sd = 0.05;   ///< spread of the initial pseudo-inputs around the data's mean
  std::vector<Layer> prior_layers;  ///< the hidden layers of the conditional prior's network
  /// Low and high bound of log σ² of q(z|x), and of a conditional prior; empty: none.
  std::vector<double> log_variance_bounds;
  std::string activation = "relu";       ///< relu, tanh, gelu, silu (also sigmoid, identity)
  std::string likelihood = "bernoulli";  ///< see docs/likelihoods.md
  /// For mixed, the likelihood of each column: gaussian, gaussian-learned, laplace, laplace-learned,
  /// bernoulli, poisson, negative-binomial, or "categorical 5" with the number of classes. Empty:
  /// follow_data() fills it.
  std::vector<std::string> column_likelihoods;
  double variance = 1.0;     ///< of gaussian and gaussian-sigmoid; initial value for gaussian-shared
  double scale = 1.0;        ///< of laplace, whose scale is fixed
  std::int64_t classes = 2;  ///< for categorical: values are 0 … classes − 1
  bool encode_mask = false;  ///< the encoder sees which values are missing
  /// What encoder and decoder also read of each example (Sohn et al. 2015): "label", and names of a table's
  /// columns, which are then no values; or nothing.
  std::vector<std::string> condition;
  /// How each of these is read, unless it is the label alone: "numeric", or "categorical 3" with its number
  /// of levels. Empty: follow_data() fills it.
  std::vector<std::string> condition_kinds;
  /// The names of labels 0, 1, … that a conditional model knows. Empty: follow_data() fills it.
  std::vector<std::string> condition_classes;
  std::vector<Layer> classifier = {400};  ///< the hidden layers of m2's q(y|x)
  Initialization initialization = Initialization::pytorch;
  OutputBias output_bias = OutputBias::random;

  friend bool operator==(const ModelSettings&, const ModelSettings&) = default;
};

/// `objective.*`
struct ObjectiveSettings {
  std::string kind = "elbo";   ///< elbo; iwae: the importance-weighted bound (Burda et al. 2016)
  std::int64_t samples = 1;    ///< K samples of z for each example
  double beta = 1.0;           ///< weight of the KL in training; reported terms are unweighted
  double warmup_epochs = 0.0;  ///< epochs in which the KL's weight rises linearly from 0 to beta
  /// Cyclical annealing (Fu et al. 2019): the number of times that the KL's weight rises from 0 to beta in a
  /// training, each time during the first ramp_fraction of the cycle. 0: none.
  std::int64_t cycles = 0;
  double ramp_fraction = 0.5;
  double free_bits = 0.0;  ///< nats of each latent dimension's KL that cost nothing (Kingma et al. 2016)
  double capacity = 0.0;   ///< C in beta |KL − C| (Burgess et al. 2018), nats; 0: none
  double capacity_epochs = 0.0;  ///< epochs in which C rises linearly from 0
  double code_l1 = 0.0;          ///< weight of Σ|z|, for an autoencoder
  double code_l2 = 0.0;          ///< weight of Σz², for an autoencoder
  /// Corruption of the encoder's input in training (Vincent et al. 2008): none, gaussian, masking.
  std::string corruption = "none";
  double corruption_amount = 0.0;  ///< standard deviation for gaussian, dropped fraction for masking
  /// For m2, α of Kingma et al. (2014, eq. 9): labelled examples also cost −log q(y|x), with a weight of α·N
  /// in an epoch over N examples for all labelled ones together.
  double classifier_weight = 0.1;
  /// For m2, the baseline without unlabelled data: q(y|x) learns alone, from the labelled examples.
  bool classifier_alone = false;

  friend bool operator==(const ObjectiveSettings&, const ObjectiveSettings&) = default;
};

/// `train.*`
struct TrainSettings {
  std::int64_t epochs = 10;
  std::int64_t batch = 128;
  /// For m2, rows of each batch that are labelled examples, taken in turns; 0: they come like all others.
  std::int64_t labelled_rows = 0;
  std::string optimizer = "adam";  ///< adam, adamax (Kingma & Ba 2015)
  double learning_rate = 1e-3;
  /// Schedule of the learning rate: constant; step (times decay_factor every decay_epochs); cosine (down to
  /// final_learning_rate at the last step); staged (stage_epochs at stage_rates, instead of learning_rate).
  /// See docs/training.md.
  std::string schedule = "constant";
  double warmup_epochs = 0.0;  ///< epochs in which the rate rises linearly from 0 to the schedule's
  double decay_epochs = 30.0;
  double decay_factor = 0.1;
  double final_learning_rate = 0.0;
  std::vector<std::int64_t> stage_epochs;
  std::vector<double> stage_rates;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  /// Divides each tensor's gradient by its norm before the optimizer's step (Tomczak & Welling 2018).
  bool normalize_gradient = false;
  /// Skips steps whose gradient norm is larger than this or not finite: they update the running statistics of
  /// "norm batch" alone. 0: no step is skipped.
  double skip_norm = 0.0;
  double clip_norm = 0.0;               ///< maximum of the global gradient norm; 0: no clipping
  std::int64_t accumulation_steps = 1;  ///< batches whose gradients are added up for one step
  double ema = 0.0;  ///< decay of the weights' running average, which is evaluated and saved; 0: none
  std::int64_t patience = 0;  ///< stops after this many epochs without improvement; 0: never
  /// What the best epoch is best by: objective, or for m2 accuracy, of the validation examples' labels.
  std::string best_by = "objective";
  std::uint64_t seed = 1;
  /// Precision of the matrix products in a step. Nothing ("auto") stands for default_training_precision() of
  /// the device; a model's recipe has the resolved value.
  std::optional<Precision> precision;
  bool tune = true;  ///< on CUDA, time the candidates for each product and take the fastest

  friend bool operator==(const TrainSettings&, const TrainSettings&) = default;
};

/// All settings of a training. The default is a small VAE for `digits`.
///
///     elbo::Recipe recipe = elbo::Recipe::named("mnist");
///     recipe.model.latent = 2;              // a member a key
///     recipe.set("train.schedule=cosine");  // or by its name, checked at once
struct ELBO_API Recipe {
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
  /// Reads TOML. `origin` names the text in errors. Keys and values may have the names of earlier versions;
  /// `notes`, unless null, gets a sentence for each: "my.toml:5: train.accumulate is now called
  /// train.accumulation_steps". Throws ConfigError with file, line and nearest key.
  static Recipe from_toml(std::string_view text, std::string_view origin = "recipe",
                          std::vector<std::string>* notes = nullptr);
  /// Reads a file in the same way. Throws IoError if it cannot be read.
  static Recipe from_file(const std::filesystem::path& file, std::vector<std::string>* notes = nullptr);

  /// Applies "key=value", the value in TOML syntax (a bare word is read as a string): `model.latent=2`,
  /// `model.encoder=[64, 32]`. Checks this value alone, so that settings that depend on each other can be
  /// given in any order. Former names are read and noted as by `from_toml`. Throws ConfigError with the
  /// nearest known key.
  void set(std::string_view key_equals_value, std::vector<std::string>* notes = nullptr);
  /// TOML with every setting; `from_toml` reads it back as an equal recipe.
  std::string to_toml() const;
  /// Checks every value, and that the values agree. Throws ConfigError that names the key. Reading a recipe
  /// and building a model both call it.
  void validate() const;
  /// Checks that each of `settings`, "key=value" as for `set`, has an effect in this recipe:
  /// train.decay_factor has one only with train.schedule = "step". Throws ConfigError that names the settings
  /// needed, or both names of a setting that is given by its former and its present one, and where `validate`
  /// throws.
  void check_counts(std::span<const std::string> settings) const;

  /// A setting's value in TOML: `value("train.epochs")` is "10". Throws ConfigError with the nearest known
  /// key.
  std::string value(std::string_view key) const;

  friend bool operator==(const Recipe&, const Recipe&) = default;
};

/// A key of a recipe, described.
struct Setting {
  std::string name;         ///< "train.decay_factor"
  std::string description;  ///< one line
  std::string type;         ///< "whole number", "number", "text", "true|false", "list of …", "adam|adamax"
  std::string default_value;         ///< in TOML
  std::vector<std::string> choices;  ///< the texts allowed; empty: any
  std::string bounds;                ///< "at least 1"; empty: none, or those that only keep numbers finite
  /// The values of other keys with which this one has an effect: `train.schedule = "step"`; empty: always.
  std::string counts_with;
};

/// Every key, in the order of a recipe's sections.
ELBO_API std::vector<Setting> recipe_settings();

}  // namespace elbo
