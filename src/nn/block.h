#pragma once
// A piece of a network: from one slot to another, forward and backward.

#include <optional>

#include "math/step_state.h"
#include "nn/builder.h"
#include "nn/gradient_use.h"
#include "nn/parameters.h"

namespace elbo::nn {

/// The inputs of a pass: the device, the parameters, and on kLearning tapes the noise of the step, keyed by
/// the batch's examples. A block that draws sets its own purpose.
struct Run {
  Context& context;
  Parameters& parameters;
  NoiseSource noise = {};
};

/// A block's output if it is just y = x wᵀ + b. A neighbour may then fuse it with its own work.
struct OutputGemm {
  MatrixView<const float> x, weight;
  VectorView<const float> bias;
};

/// The gradient in a block's input if it is just dx = dy w, which a neighbour may fuse in the same way.
struct InputGradientGemm {
  MatrixView<const float> dy, weight;
};

/// Does work on a branch, or on the main line if there is no branch.
template <class Work>
void run_beside(Branch* branch, const Work& work) {
  if (branch) {
    branch->run(work);
  } else {
    work();
  }
}

/// A block declares its slots and parameters once. It keeps no state of a batch, so it may run on several
/// tapes.
class Block {
 public:
  virtual ~Block() = default;

  virtual Slot output() const = 0;
  /// Computes its output from its input.
  virtual void forward(const Run& run, const Tape& tape) const = 0;
  /// Computes the gradient in its input from that in its output, "=" or "+=" by Tape::adds_to_gradient().
  /// Called before use_gradients(), and only if the input has a gradient.
  virtual void backward_input(const Run& run, const Tape& tape) const = 0;
  /// Computes its parameters' gradients from the gradient in its output, and uses them as `use` says, on
  /// `branch` if there is one. Work that still reads the parameters must come before.
  virtual void use_gradients(const Run& run, const Tape& tape, const GradientUse& use,
                             Branch* branch) const = 0;

  /// Whether, in a training step, a row of its output depends on the batch's other rows.
  virtual bool couples_rows() const { return false; }
  /// Whether its output is just a product, so that output_gemm() offers it.
  virtual bool output_is_gemm() const { return false; }
  /// Offers products to fuse; nothing if the block has none.
  virtual std::optional<OutputGemm> output_gemm(const Run&, const Tape&) const { return std::nullopt; }
  virtual std::optional<InputGradientGemm> input_gradient_gemm(const Run&, const Tape&) const {
    return std::nullopt;
  }
  /// The bias added to its output, [columns of the output]; nothing if there is none.
  virtual std::optional<Parameter> output_bias() const { return std::nullopt; }
};

}  // namespace elbo::nn
