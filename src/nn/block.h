#pragma once
// A piece of a network: from one slot to another, forward and backward.

#include <optional>

#include "math/step_state.h"
#include "nn/builder.h"
#include "nn/gradient_use.h"
#include "nn/parameters.h"

namespace elbo::nn {

/// What a pass works with: the device, the parameters, and on tapes that are kLearning the noise of its step,
/// keyed by the batch's examples. A block that draws sets a purpose of its own.
struct Run {
  Context& context;
  Parameters& parameters;
  NoiseSource noise = {};
};

/// A block's output where it is y = x wᵀ + b and nothing else: a neighbour may compute it with its own work.
struct OutputProduct {
  MatrixView<const float> x, weight;
  VectorView<const float> bias;
};

/// The gradient in a block's input where it is dx = dy w and nothing else: likewise.
struct InputGradientProduct {
  MatrixView<const float> dy, weight;
};

/// Does work on a lane, or on the main line where there is none.
template <class Work>
void run_beside(Lane* lane, const Work& work) {
  if (lane) {
    lane->run(work);
  } else {
    work();
  }
}

/// Declares its slots and parameters once, and keeps nothing of a batch: it may run on several tapes.
class Block {
 public:
  virtual ~Block() = default;

  virtual Slot output() const = 0;
  /// Its input → its output.
  virtual void forward(const Run& run, const Tape& tape) const = 0;
  /// The gradient in its output → that in its input, "=" or "+=" as Tape::adds_to_gradient() says. Before
  /// use_gradients(), and not where the input has no gradient.
  virtual void backward_input(const Run& run, const Tape& tape) const = 0;
  /// The gradient in its output → those of its parameters, which are used as `use` says, on `lane` where
  /// there is one. What has still to read the parameters comes before.
  virtual void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Lane* lane) const = 0;

  /// Whether a row of its output depends, in a training step, on the other rows of the batch.
  virtual bool couples_rows() const { return false; }
  /// Whether its output is a product and nothing else, so that output_product() offers it.
  virtual bool output_is_product() const { return false; }
  /// Offers of products to fuse: nothing if the block has none.
  virtual std::optional<OutputProduct> output_product(const Run&, const Tape&) const { return std::nullopt; }
  virtual std::optional<InputGradientProduct> input_gradient_product(const Run&, const Tape&) const {
    return std::nullopt;
  }
  /// The bias that is added to its output, [columns of the output], where there is one.
  virtual std::optional<Parameter> output_bias() const { return std::nullopt; }
};

}  // namespace elbo::nn
