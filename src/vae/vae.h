#pragma once
// The variational autoencoder (Kingma & Welling 2014) and the plain autoencoder: forward and backward over
// ops.

#include <memory>

#include "nn/mlp.h"
#include "vae/objective/objective.h"
#include "ops/likelihood.h"
#include "ops/reparameterize.h"

namespace elbo {

/// Everything one batch of n examples with K samples each leaves on the device. Views only; see Workspace.
struct Activations {
  std::int64_t rows = 0;     ///< n
  std::int64_t samples = 1;  ///< K
  /// Those that gradients are a mean over: n, or those of all the batches that make up a step.
  std::int64_t step_rows = 0;
  bool corrupted = false;  ///< input is not x, but what the caller makes of it (ops::corrupt)
  /// [n, input_width] what the encoder reads: x, one-hot where its values are classes (encode() writes that),
  /// and beside it the mask where the model sees it.
  MatrixView<float> input;
  MatrixView<float> x;                ///< [n, dims] the batch, written by the caller (gather_batch)
  MatrixView<float> mask;             ///< [n, dims] 1 where x is present, 0 where it is missing, and x is 0;
                                      ///< written by the caller; empty where no value can be missing
  VectorView<std::int64_t> examples;  ///< [n] its rows' indices in the dataset, written by the caller
  std::vector<LayerActivations> encoder;  ///< the last one's y is the head, [n, head_width]
  MatrixView<float> mean;                 ///< [n, latent], the head's left half
  MatrixView<float> log_variance;         ///< [n, latent], its right half; empty for an autoencoder
  MatrixView<float> z;                    ///< [n·K, latent]; of an autoencoder it is the head itself
  MatrixView<float> dz;                   ///< its gradient; empty without training
  std::vector<LayerActivations>
      decoder;                  ///< the last one's y is the likelihood's parameters [n·K, output_width]
  VectorView<float> nll;        ///< [n·K] −log p(x|z), nats
  MatrixView<float> nll_parts;  ///< [n·K, p] what forward_backward leaves of it: each row sums to its nll
  VectorView<float> kl;         ///< [n] KL(q(z|x) ‖ p(z)), nats; 0 for an autoencoder
  VectorView<float> log_ratio;  ///< [n·K] log q(z|x) − log p(z), nats; 0 for an autoencoder
  VectorView<float> weights;    ///< [n·K] of the samples in an importance-weighted bound; for training
  VectorView<float> negative_bound;  ///< [n] of that bound, nats; for training
  VectorView<float> free;       ///< [latent] 1 where a dimension's KL counts, with free bits; for training
  VectorView<float> kl_scale;   ///< [1] what the KL weighs, with a capacity; for training
  VectorView<float> kl_cost;    ///< [1] what the KL costs, with free bits or a capacity; for training
  VectorView<float> code_cost;  ///< [n] of an autoencoder's penalised codes; for training

  /// The same memory for a smaller batch.
  Activations first_rows(std::int64_t count) const;
};

/// The network with its parameters, on one device. Nothing here allocates once a Workspace is made, and
/// nothing waits for the device.
class Vae {
 public:
  /// Parameters drawn from `seed`. `context` must outlive this. Throws DeviceError.
  Vae(Context& context, const ModelConfig& config, std::uint64_t seed);
  Vae(const Vae&) = delete;
  Vae& operator=(const Vae&) = delete;

  /// Its constants hold a pointer into the parameters, on the device, where the likelihood reads of them.
  const ModelConfig& config() const noexcept { return config_; }
  /// The likelihood's constants for use on the host, with what they read of the parameters. Waits for the
  /// device.
  LikelihoodConstants host_constants() const;
  /// Whether the batches of workspaces that are made from here on come with a mask.
  void set_missing(bool missing) noexcept { config_.missing = missing || config_.see_mask; }
  Context& context() const noexcept { return *context_; }
  Parameters& parameters() noexcept { return parameters_; }

  /// a.input (of classes: a.x) → the head: a.mean, a.log_variance.
  void encode(const Activations& a) const;
  /// The head → z, kl, log_ratio. Nothing to do for an autoencoder. `noise.examples` is taken from a.examples
  /// where it is null.
  void sample(const Activations& a, const NoiseSource& noise) const;
  /// a.z → the likelihood's parameters.
  void decode(const Activations& a) const;
  /// The parameters, a.x and a.mask → nll of the present values. With `gradient`, weight · ∂nll/∂parameters
  /// stands in a.decoder.back().dy.
  void score(const Activations& a, const ops::RowWeight& weight, bool gradient) const;

  /// a.z → a.nll, and its gradient in z in a.dz; no parameter's gradient. Needs a training workspace. Throws
  /// ConfigError for an autoencoder.
  void decode_with_gradient(const Activations& a) const;

  /// encode, sample, decode, score: the costs of a batch, in a.nll and a.kl. No gradients.
  void forward(const Activations& a, const NoiseSource& noise) const;
  /// The first half of a training step: a.nll_parts, a.kl, what else the objective costs (a.negative_bound,
  /// a.kl_cost, a.code_cost), and its gradient in the likelihood's parameters. Needs a training workspace and
  /// Parameters::prepare_training().
  void forward_with_gradient(const Activations& a, const NoiseSource& noise,
                             const Objective& objective) const;
  /// The second half: the objective's gradient in every parameter, for `use`. The lanes are joined.
  void backward(const Activations& a, const NoiseSource& noise, const Objective& objective,
                const GradientUse& use) const;
  /// Both.
  void forward_backward(const Activations& a, const NoiseSource& noise, const Objective& objective,
                        const GradientUse& use = {}) const;

  /// Takes what a batch of a.rows examples is read into from the arena: input, x, mask, examples.
  void plan_batch(Arena& arena, Activations& a) const;
  /// Takes activations for `rows` examples with `samples` samples each from the arena.
  Activations plan(Arena& arena, std::int64_t rows, std::int64_t samples, bool training,
                   bool corrupted = false) const;

 private:
  /// What the objective has besides nll and β·KL, from the head and z.
  void weigh_kl(const Activations& a, const Objective& objective) const;
  /// decode(), and score() with the gradient.
  void decode_and_score(const Activations& a, const ops::RowWeight& weight) const;
  /// The gradient in the head, from that in the decoder's first layer.
  void backward_through_sample(const Activations& a, const NoiseSource& noise,
                               const Objective& objective) const;

  Context* context_;
  ModelConfig config_;
  Parameters parameters_;
  Mlp encoder_;
  Mlp decoder_;
};

/// Owns the memory behind a batch's activations.
class Workspace {
 public:
  /// Throws DeviceError (out of memory). `training` adds the gradients, `corrupted` an input beside x.
  Workspace(const Vae& vae, std::int64_t rows, std::int64_t samples = 1, bool training = false,
            bool corrupted = false);

  /// Activations for the first `count` ≤ capacity() rows.
  Activations rows(std::int64_t count) const { return activations_.first_rows(count); }
  std::int64_t capacity() const noexcept { return activations_.rows; }

 private:
  Arena arena_;
  Activations activations_;
};

}  // namespace elbo
