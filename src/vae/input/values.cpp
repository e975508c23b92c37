#include "vae/input/input.h"

namespace elbo {
namespace {

class ValueInput final : public Input {
 public:
  explicit ValueInput(const ModelConfig& config) : config_(config) {}

  void declare(nn::Builder& builder, BatchSlots& slots) override {
    const std::int64_t dims = config_.dims;
    slots.input = builder.activation({.name = "input",
                                      .cols = config_.encode_mask ? 2 * dims : dims,
                                      .picture = config_.encode_mask ? PictureShape{} : config_.picture,
                                      .of_batch = true});
    // x shares the input's memory, unless the input is corrupted.
    slots.x = builder.part(slots.input, "x", 0, dims, nn::kCorrupted);
    declare_mask_and_examples(builder, slots, config_, dims);
  }
  void prepare(const nn::Run&, const Batch&) const override {}

 private:
  ModelConfig config_;
};

}  // namespace

std::unique_ptr<Input> make_value_input(const ModelConfig& config) {
  return std::make_unique<ValueInput>(config);
}

}  // namespace elbo
