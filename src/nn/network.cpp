#include "nn/network.h"

#include "base/check.h"
#include "nn/linear.h"

namespace elbo::nn {
namespace {

Lane* lane_of(const GradientUse& use, std::size_t block) {
  return use.lanes.empty() ? nullptr : &use.lanes[block % use.lanes.size()];
}

}  // namespace

void Network::forward(const Run& run, const Tape& tape, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) blocks_[i]->forward(run, tape);
}

void Network::backward(const Run& run, const Tape& tape, const GradientUse& use) const {
  for (std::size_t i = blocks_.size() - 1; i > 0; --i) {
    blocks_[i]->backward_input(run, tape);
    blocks_[i]->use_gradients(run, tape, use, lane_of(use, i));
  }
}

void Network::use_first_gradients(const Run& run, const Tape& tape, const GradientUse& use,
                                  bool beside) const {
  blocks_.front()->use_gradients(run, tape, use, beside ? lane_of(use, 0) : nullptr);
}

Network make_network(Builder& builder, Slot input, const std::string& prefix,
                     std::span<const std::int64_t> widths, Activation activation,
                     const std::vector<NamedRows>& heads) {
  std::vector<std::unique_ptr<Block>> blocks;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::vector<NamedRows> layer = {{concat(prefix, ".hidden.", i), widths[i]}};
    blocks.push_back(std::make_unique<Linear>(builder, input, layer, activation));
    input = blocks.back()->output();
  }
  blocks.push_back(std::make_unique<Linear>(builder, input, heads, Activation::identity));
  return Network(std::move(blocks));
}

}  // namespace elbo::nn
