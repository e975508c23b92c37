#pragma once
// The kinds of layers in a network's list, and how a layer is made from its text.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/block.h"
#include "nn/layer_words.h"

namespace elbo::nn {

/// The inputs for making a layer.
struct LayerContext {
  Builder& builder;
  Slot input;        ///< what it reads
  std::string name;  ///< its tensors' names begin with this: "encoder.hidden.2"
  /// The layer's last activation: model.activation, or the identity if the next layer applies it.
  Activation activation = Activation::identity;
  Activation hidden = Activation::identity;  ///< model.activation, for layers within a layer
  std::vector<std::unique_ptr<Block>>& blocks;

  /// The input's columns and picture.
  const SlotInfo& shape() const { return builder.info(input); }
  /// The input's picture. Throws ConfigError if it is not a picture.
  PictureShape picture() const;
  /// Appends a block and returns its output. The block must read `input` or the previous block's output.
  Slot add(std::unique_ptr<Block> block);
};

/// Makes a layer and returns its output. Throws ConfigError if its input does not suit it.
using LayerMaker = std::function<Slot(LayerContext&)>;

/// A line of the table: a kind of layer.
struct LayerKind {
  std::string_view name;   ///< its first word or two
  std::string_view sizes;  ///< the words that follow: "CHANNELS [kSIZE]"
  /// Reads the sizes. Throws ConfigError.
  LayerMaker (*read)(LayerWords& words);
  bool activates = false;         ///< it ends with model.activation
  bool takes_activation = false;  ///< it applies the previous layer's activation in its place
};

std::span<const LayerKind> layer_kinds();

/// A layer whose text has been read.
struct ReadLayer {
  const LayerKind* kind;
  LayerMaker make;
};

/// Reads a layer's text: "conv 32 k4 s2"; "400" is "linear 400". Throws ConfigError that says how such a
/// layer is written.
ReadLayer read_layer(std::string_view text);

// The readers of all kinds, each in a separate file.
LayerMaker read_linear(LayerWords& words);
LayerMaker read_gated(LayerWords& words);
LayerMaker read_conv(LayerWords& words);
LayerMaker read_gated_conv(LayerWords& words);
LayerMaker read_deconv(LayerWords& words);
LayerMaker read_reshape(LayerWords& words);
LayerMaker read_residual(LayerWords& words);
LayerMaker read_layer_norm(LayerWords& words);
LayerMaker read_group_norm(LayerWords& words);
LayerMaker read_batch_norm(LayerWords& words);
LayerMaker read_dropout(LayerWords& words);

}  // namespace elbo::nn
