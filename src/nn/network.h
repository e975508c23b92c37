#pragma once
// Blocks one after the other.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/block.h"

namespace elbo::nn {

class Network {
 public:
  Network() = default;
  /// Each block reads the output of the one before it. At least one.
  explicit Network(std::vector<std::unique_ptr<Block>> blocks) : blocks_(std::move(blocks)) {}

  /// Adds one behind the others, which changes what they give in place.
  void append(std::unique_ptr<Block> block) { blocks_.push_back(std::move(block)); }

  Slot output() const { return blocks_.back()->output(); }
  const Block& first() const { return *blocks_.front(); }
  const Block& last() const { return *blocks_.back(); }

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
};

/// Hidden layers "PREFIX.hidden.{i}" of these widths with one activation, then the heads in one layer
/// without.
Network make_network(Builder& builder, Slot input, const std::string& prefix,
                     std::span<const std::int64_t> widths, Activation activation,
                     const std::vector<NamedRows>& heads);

}  // namespace elbo::nn
