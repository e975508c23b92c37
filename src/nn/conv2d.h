#pragma once
// A convolution with an activation.

#include <vector>

#include "nn/block.h"
#include "nn/layer_words.h"
#include "ops/conv2d.h"

namespace elbo::nn {

/// The sizes of a convolution's filters besides their channels.
struct FilterSizes {
  std::int64_t kernel = 3, stride = 1, padding = 1;

  /// Reads the words "kSIZE sSTRIDE pPADDING", each optional. The default padding is (kernel − 1) / 2, which
  /// keeps the picture's size if the kernel is odd and the stride is 1.
  static FilterSizes read(LayerWords& words);
};

/// y = act(x ∗ w + b) of pictures, with parameters NAME.weight, in files [out, in, kernel, kernel], and
/// NAME.bias [out]. Several heads that read the same input form one layer, with their channels in order.
class Conv2d final : public Block {
 public:
  /// `heads`: names and channels. Throws ConfigError if the kernel does not fit into the input's pictures.
  Conv2d(Builder& builder, Slot input, const std::vector<NamedRows>& heads, const FilterSizes& sizes,
         Activation activation);

  Slot output() const override { return output_; }
  void forward(const Run& run, const Tape& tape) const override;
  void backward_input(const Run& run, const Tape& tape) const override;
  void use_gradients(const Run& run, const Tape& tape, const GradientUse& use, Branch* branch) const override;

 private:
  Activation activation_;
  ops::Conv2dShape shape_;
  Slot input_, output_, saved_;
  Parameter weight_, bias_;
};

}  // namespace elbo::nn
