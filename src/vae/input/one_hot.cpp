#include "ops/one_hot.h"
#include "vae/input/input.h"

namespace elbo {
namespace {

class OneHotInput final : public Input {
 public:
  explicit OneHotInput(const ModelConfig& config)
      : config_(config), width_(config.constants.classes * config.dims) {}

  void declare(nn::Builder& builder, BatchSlots& slots) override {
    const std::int64_t dims = config_.dims;
    slots.input = builder.activation(
        {.name = "input", .cols = config_.encode_mask ? width_ + dims : width_, .of_batch = true});
    slots.x = builder.activation({.name = "x", .cols = dims, .of_batch = true});
    declare_mask_and_examples(builder, slots, config_, width_);
  }
  void prepare(const nn::Run& run, const Batch& batch) const override {
    ops::one_hot(run.context, batch.input().columns(0, width_), batch.x(), batch.mask(),
                 config_.constants.classes);
  }

 private:
  ModelConfig config_;
  std::int64_t width_;  ///< columns of the classes
};

}  // namespace

std::unique_ptr<Input> make_one_hot_input(const ModelConfig& config) {
  return std::make_unique<OneHotInput>(config);
}

}  // namespace elbo
