// Reads the same values as pictures of another shape.

#include "base/check.h"
#include "nn/layers.h"

namespace elbo::nn {

LayerMaker read_reshape(LayerWords& words) {
  const PictureShape picture = words.picture();
  return [picture](LayerContext& context) {
    const std::int64_t cols = context.shape().cols,
                       wanted = picture.height * picture.width * picture.channels;
    if (cols != wanted) {
      throw ConfigError(concat("it makes pictures of ", wanted, " values, but its input has ", cols, "."));
    }
    return context.builder.reshaped(context.input, context.name, picture);
  };
}

}  // namespace elbo::nn
