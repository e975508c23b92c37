// The words of layers, made into the networks of a model.

#include <algorithm>
#include <vector>

#include "elbo/recipe.h"
#include "fuzz/target.h"
#include "vae/vae.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(network) {
  constexpr PictureShape kPicture = {8, 6, 3};
  const auto end = input.find('\n');
  const auto layout = unless_refused([&] {
    Recipe recipe;
    recipe.set("model.encoder=" + std::string(input.substr(0, end)));
    if (end != input.npos) recipe.set("model.decoder=" + std::string(input.substr(end + 1)));
    recipe.validate();
    return VaeParts(resolve(recipe, 8 * 6 * 3, kPicture)).layout;
  });
  if (!layout) return;
  std::vector<nn::TensorInfo> tensors = layout->tensors;  // those of a part's own mover lie behind the others
  std::ranges::sort(tensors, {}, &nn::TensorInfo::offset);
  std::int64_t before = 0;
  for (const nn::TensorInfo& tensor : tensors) {
    require(tensor.size() > 0 && tensor.offset >= before, "tensors have values and do not overlap");
    before = tensor.offset + tensor.size();
  }
  require(before <= layout->size, "the tensors are within the arena");
}

}  // namespace elbo::fuzz
