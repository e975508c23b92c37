#pragma once
// A sequence of blocks.

#include <memory>
#include <string>
#include <vector>

#include "nn/block.h"

namespace elbo::nn {

/// A layer's description, for people.
struct LayerSummary {
  std::string name;  ///< "encoder.hidden.0"
  std::string text;  ///< "conv 32 k4 s2"
  SlotInfo input, output;
  std::int64_t parameters = 0;
};

class Network {
 public:
  Network() = default;  ///< without blocks; its passes do nothing
  /// Each block reads the previous block's output. There is at least one block.
  explicit Network(std::vector<std::unique_ptr<Block>> blocks, std::vector<LayerSummary> layers = {})
      : blocks_(std::move(blocks)), layers_(std::move(layers)) {}

  /// Appends a block that changes the output in place.
  void append(std::unique_ptr<Block> block) { blocks_.push_back(std::move(block)); }

  Slot output() const { return blocks_.back()->output(); }
  const Block& first() const { return *blocks_.front(); }
  const Block& last() const { return *blocks_.back(); }
  bool couples_rows() const;
  /// Its layers, including the heads.
  const std::vector<LayerSummary>& layers() const noexcept { return layers_; }

  void forward(const Run& run, const Tape& tape) const { forward(run, tape, blocks_.size()); }
  /// Runs all blocks but the last.
  void forward_hidden(const Run& run, const Tape& tape) const { forward(run, tape, blocks_.size() - 1); }

  /// Reads the objective's gradient in the output from the tape, computes it in every block's output, and
  /// uses the gradients of all parameters but the first block's.
  void backward(const Run& run, const Tape& tape, const GradientUse& use) const;
  /// Uses the gradients of the first block's parameters, after backward(). With `beside`, on a branch, in
  /// parallel with the following work.
  void use_first_gradients(const Run& run, const Tape& tape, const GradientUse& use, bool beside) const;

 private:
  void forward(const Run& run, const Tape& tape, std::size_t count) const;

  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<LayerSummary> layers_;
};

/// A network to make: hidden layers, then its heads.
struct NetworkPlan {
  std::string name;                 ///< hidden layer i is called NAME.hidden.{i}
  std::string setting;              ///< the setting that lists the layers, for errors: "model.encoder"
  std::vector<std::string> layers;  ///< their texts, see read_layer()
  Activation activation = Activation::identity;  ///< activation of layers that end with one
  /// The network's outputs, side by side in one layer without activation. It is linear, or a 1 × 1
  /// convolution if the last hidden layer gives pictures as large as `picture`.
  std::vector<NamedRows> heads;
  PictureShape picture = {};  ///< the picture that the heads give the values of, if any
  bool zero_heads = false;    ///< linear heads begin with all parameters 0
  /// [n, c] or [n·C, c], read by the first layer too that computes (AddCondition); none: no such input.
  Slot condition = {};
};

/// Throws ConfigError naming the layer whose input does not suit it.
Network make_network(Builder& builder, Slot input, const NetworkPlan& plan);

}  // namespace elbo::nn
