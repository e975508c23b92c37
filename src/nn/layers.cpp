#include "nn/layers.h"

#include <algorithm>

#include "base/check.h"
#include "base/nearest.h"

namespace elbo::nn {
namespace {

constexpr LayerKind kTable[] = {
    {.name = "linear", .sizes = "WIDTH", .read = read_linear, .activates = true},
    {.name = "gated", .sizes = "WIDTH", .read = read_gated},
    {.name = "conv", .sizes = "CHANNELS [kSIZE] [sSTRIDE] [pPADDING]", .read = read_conv, .activates = true},
    {.name = "gated conv", .sizes = "CHANNELS [kSIZE] [sSTRIDE] [pPADDING]", .read = read_gated_conv},
    {.name = "deconv",
     .sizes = "CHANNELS [kSIZE] [sSTRIDE] [pPADDING] [oROWS]",
     .read = read_deconv,
     .activates = true},
    {.name = "reshape", .sizes = "HEIGHTxWIDTHxCHANNELS", .read = read_reshape},
    {.name = "residual", .sizes = "WIDTH", .read = read_residual},
    {.name = "norm layer", .sizes = "", .read = read_layer_norm, .takes_activation = true},
    {.name = "norm group", .sizes = "GROUPS", .read = read_group_norm, .takes_activation = true},
    {.name = "norm batch", .sizes = "", .read = read_batch_norm, .takes_activation = true},
    {.name = "dropout", .sizes = "RATE", .read = read_dropout},
};

/// Whether a text begins with these words.
bool begins_with(std::string_view text, std::string_view words) {
  return text.starts_with(words) && (text.size() == words.size() || text[words.size()] == ' ');
}

/// The kind whose name a text begins with, the longest of them.
const LayerKind& kind_of(std::string_view text) {
  const LayerKind* found = nullptr;
  std::vector<std::string> names;
  for (const LayerKind& kind : layer_kinds()) {
    names.emplace_back(kind.name);
    if (begins_with(text, kind.name) && (!found || kind.name.size() > found->name.size())) found = &kind;
  }
  if (found) return *found;
  const std::string word(text.substr(0, text.find(' ')));
  throw ConfigError(concat("no layer is called \"", word, "\"; ", nearest_hint(word, names)));
}

}  // namespace

PictureShape LayerContext::picture() const {
  const SlotInfo& info = shape();
  if (info.picture.is_picture()) return info.picture;
  throw ConfigError(concat("it reads a picture, but its input is a row of ", info.cols,
                           " values: put a \"reshape HEIGHTxWIDTHxCHANNELS\" before it."));
}

Slot LayerContext::add(std::unique_ptr<Block> block) {
  blocks.push_back(std::move(block));
  return blocks.back()->output();
}

std::span<const LayerKind> layer_kinds() {
  return kTable;
}

ReadLayer read_layer(std::string_view text) {
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    return read_layer("linear " + std::string(text));
  }
  const LayerKind& kind = kind_of(text);
  LayerWords words(text.substr(kind.name.size()));
  try {
    const LayerMaker make = kind.read(words);
    words.finish();
    return {&kind, make};
  } catch (const ConfigError& error) {
    throw ConfigError(concat(error.what(), " It is written \"", kind.name, kind.sizes.empty() ? "" : " ",
                             kind.sizes, "\"."));
  }
}

}  // namespace elbo::nn
