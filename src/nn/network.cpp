#include "nn/network.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "nn/add_condition.h"
#include "nn/conv2d.h"
#include "nn/group_channels.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace elbo::nn {
namespace {

Branch* branch_of(const GradientUse& use, std::size_t block) {
  return use.branches.empty() ? nullptr : &use.branches[block % use.branches.size()];
}

/// Maximum of values that a layer may give per example, so that no product of sizes overflows.
constexpr std::int64_t kMaxColumns = std::int64_t{1} << 26;

/// Calls a function on a layer; errors name the layer.
template <class F>
auto explained(const NetworkPlan& plan, std::size_t layer, F f) {
  try {
    return f();
  } catch (const ConfigError& error) {
    throw ConfigError(concat(plan.setting, "[", layer, "] \"", plan.layers[layer], "\": ", error.what()));
  }
}

std::vector<ReadLayer> read_layers(const NetworkPlan& plan) {
  std::vector<ReadLayer> layers;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    layers.push_back(explained(plan, i, [&] { return read_layer(plan.layers[i]); }));
  }
  return layers;
}

Slot make_checked(const ReadLayer& layer, LayerContext& context) {
  const Slot output = layer.make(context);
  if (const std::int64_t cols = context.builder.info(output).cols; cols > kMaxColumns) {
    throw ConfigError(concat("it gives ", cols, " values an example; ", kMaxColumns, " is the maximum."));
  }
  return output;
}

/// Counts the declarations that a builder gets from here on.
class Watch {
 public:
  explicit Watch(const Builder& builder) : builder_(builder), first_(builder.parameters().size()) {}

  LayerSummary summary(std::string name, std::string text, Slot input, Slot output) const {
    LayerSummary layer{std::move(name), std::move(text), builder_.info(input), builder_.info(output), 0};
    for (std::size_t i = first_; i < builder_.parameters().size(); ++i) {
      const ParameterInfo& parameter = builder_.parameters()[i];
      layer.parameters += parameter.rows() * std::max<std::int64_t>(parameter.cols, 1);
    }
    return layer;
  }

 private:
  const Builder& builder_;
  std::size_t first_;
};

/// "encoder.mean, log_variance"
std::string head_names(const NetworkPlan& plan) {
  std::string names;
  for (const NamedRows& head : plan.heads) {
    names += names.empty() ? head.name : ", " + head.name.substr(head.name.rfind('.') + 1);
  }
  return names;
}

using Blocks = std::vector<std::unique_ptr<Block>>;

/// Adds the condition to the output of the last block, and returns the sum.
Slot add_condition(Builder& builder, const NetworkPlan& plan, Activation activation, Blocks& blocks,
                   std::vector<LayerSummary>& summaries) {
  const Watch watch(builder);
  const std::string name = plan.name + ".condition";
  const Slot layer = blocks.back()->output();
  blocks.push_back(std::make_unique<AddCondition>(builder, layer, plan.condition, name, activation));
  const Slot sum = blocks.back()->output();
  summaries.push_back(watch.summary(name, "linear", plan.condition, sum));
  return sum;
}

/// Adds the hidden layers and returns the last one's output. The first layer that reads the condition clears
/// `awaits_condition`: its output has memory of its own, while dropout's and a reshape's may be their
/// input's, which must stay as it is.
Slot make_hidden(Builder& builder, Slot input, const NetworkPlan& plan, Blocks& blocks,
                 std::vector<LayerSummary>& summaries, bool& awaits_condition) {
  const std::vector<ReadLayer> layers = read_layers(plan);
  Activation pending = Activation::identity;  // the activation that earlier layers have left to a later one
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerKind& kind = *layers[i].kind;
    if (kind.activates) pending = plan.activation;
    const bool leaves_it = i + 1 < layers.size() && layers[i + 1].kind->takes_activation;
    const auto take_activation = [&] {
      return leaves_it ? Activation::identity : std::exchange(pending, Activation::identity);
    };
    LayerContext context{.builder = builder,
                         .input = input,
                         .name = concat(plan.name, ".hidden.", i),
                         .activation = awaits_condition ? Activation::identity : take_activation(),
                         .hidden = plan.activation,
                         .blocks = blocks};
    const Watch watch(builder);
    Slot output = explained(plan, i, [&] { return make_checked(layers[i], context); });
    summaries.push_back(watch.summary(context.name, plan.layers[i], input, output));
    if (awaits_condition && !builder.info(output).whole) {
      output = add_condition(builder, plan, take_activation(), blocks, summaries);
      awaits_condition = false;
    }
    input = output;
  }
  return input;
}

bool as_large(const PictureShape& a, const PictureShape& b) {
  return a.is_picture() && a.height == b.height && a.width == b.width;
}

/// Makes heads that compute each pixel's values from its channels alone.
void make_picture_heads(Builder& builder, Slot input, const NetworkPlan& plan, Blocks& blocks) {
  const PictureShape& picture = plan.picture;
  std::vector<NamedRows> heads = plan.heads;
  std::int64_t channels = 0;
  for (NamedRows& head : heads) channels += head.rows /= picture.height * picture.width;
  const FilterSizes pixel{.kernel = 1, .stride = 1, .padding = 0};
  blocks.push_back(std::make_unique<Conv2d>(builder, input, heads, pixel, Activation::identity));
  if (channels == picture.channels) return;
  blocks.push_back(std::make_unique<GroupChannels>(builder, blocks.back()->output(), plan.name + ".values",
                                                   channels / picture.channels));
}

void make_heads(Builder& builder, Slot input, const NetworkPlan& plan, Blocks& blocks,
                std::vector<LayerSummary>& summaries, bool awaits_condition) {
  const Watch watch(builder);
  const bool pictures = as_large(plan.picture, builder.info(input).picture);
  if (pictures) {
    make_picture_heads(builder, input, plan, blocks);
  } else {
    const auto value = plan.zero_heads ? std::optional(0.0f) : std::nullopt;
    blocks.push_back(std::make_unique<Linear>(builder, input, plan.heads, Activation::identity, value));
  }
  summaries.push_back(
      watch.summary(head_names(plan), pictures ? "conv k1" : "linear", input, blocks.back()->output()));
  if (awaits_condition) add_condition(builder, plan, Activation::identity, blocks, summaries);
}

}  // namespace

bool Network::couples_rows() const {
  return std::ranges::any_of(blocks_, [](const auto& block) { return block->couples_rows(); });
}

void Network::forward(const Run& run, const Tape& tape, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) blocks_[i]->forward(run, tape);
}

void Network::backward(const Run& run, const Tape& tape, const GradientUse& use) const {
  for (std::size_t i = blocks_.size(); i > 1; --i) {
    blocks_[i - 1]->backward_input(run, tape);
    blocks_[i - 1]->use_gradients(run, tape, use, branch_of(use, i - 1));
  }
}

void Network::use_first_gradients(const Run& run, const Tape& tape, const GradientUse& use,
                                  bool beside) const {
  if (blocks_.empty()) return;
  blocks_.front()->use_gradients(run, tape, use, beside ? branch_of(use, 0) : nullptr);
}

Network make_network(Builder& builder, Slot input, const NetworkPlan& plan) {
  std::vector<std::unique_ptr<Block>> blocks;
  std::vector<LayerSummary> layers;
  bool awaits_condition{plan.condition};
  input = make_hidden(builder, input, plan, blocks, layers, awaits_condition);
  make_heads(builder, input, plan, blocks, layers, awaits_condition);
  return Network(std::move(blocks), std::move(layers));
}

}  // namespace elbo::nn
