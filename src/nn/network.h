#pragma once
// Blocks one after the other.

#include <memory>
#include <string>
#include <vector>

#include "nn/block.h"

namespace elbo::nn {

/// What a layer is and gives, for people.
struct LayerSummary {
  std::string name;  ///< "encoder.hidden.0"
  std::string text;  ///< "conv 32 k4 s2"
  SlotInfo input, output;
  std::int64_t parameters = 0;
};

class Network {
 public:
  Network() = default;
  /// Each block reads the output of the one before it. At least one.
  explicit Network(std::vector<std::unique_ptr<Block>> blocks, std::vector<LayerSummary> layers = {})
      : blocks_(std::move(blocks)), layers_(std::move(layers)) {}

  Slot output() const { return blocks_.back()->output(); }
  const Block& first() const { return *blocks_.front(); }
  const Block& last() const { return *blocks_.back(); }
  bool couples_rows() const;
  /// Its layers, the heads' too.
  const std::vector<LayerSummary>& layers() const noexcept { return layers_; }

  void forward(const Run& run, const Tape& tape) const { forward(run, tape, blocks_.size()); }
  /// All but the last block.
  void forward_hidden(const Run& run, const Tape& tape) const { forward(run, tape, blocks_.size() - 1); }

  /// With the objective's gradient in the output standing on the tape, gives that in every block's output,
  /// and uses those of all parameters but the first block's.
  void backward(const Run& run, const Tape& tape, const GradientUse& use) const;
  /// Uses the gradients of the first block's parameters, once backward() has given that in its output. With
  /// `beside`, on a lane, beside what follows.
  void use_first_gradients(const Run& run, const Tape& tape, const GradientUse& use, bool beside) const;

 private:
  void forward(const Run& run, const Tape& tape, std::size_t count) const;

  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<LayerSummary> layers_;
};

/// A network to make: hidden layers, then its heads.
struct NetworkPlan {
  std::string name;                              ///< hidden layer i is called NAME.hidden.{i}
  std::string setting;                           ///< that lists the layers, for errors: "model.encoder"
  std::vector<std::string> layers;               ///< their texts, see read_layer()
  Activation activation = Activation::identity;  ///< of layers that end with one
  /// What the network gives, in one layer without activation, one after the other. It is linear, or, where
  /// the last hidden layer gives pictures as large as `picture`, a convolution of 1 × 1.
  std::vector<NamedRows> heads;
  PictureShape picture = {};  ///< that the heads give the values of, where they do
};

/// Throws ConfigError naming the layer whose input does not suit it.
Network make_network(Builder& builder, Slot input, const NetworkPlan& plan);

}  // namespace elbo::nn
