#include "vae/input/input.h"

namespace elbo {

std::unique_ptr<Input> make_input(const ModelConfig& config) {
  const bool classes = likelihood_measure(config.likelihood) == Measure::classes;
  return classes ? make_one_hot_input(config) : make_value_input(config);
}

void declare_mask_and_examples(nn::Builder& builder, BatchSlots& slots, const ModelConfig& config,
                               std::int64_t first) {
  slots.mask =
      config.see_mask
          ? builder.part(slots.input, "mask", first, config.dims)
          : builder.activation({.name = "mask", .cols = config.dims, .uses = nn::kMasked, .of_batch = true});
  slots.examples = builder.activation({.name = "examples", .type = nn::Type::i64, .of_batch = true});
}

void Corruption::apply(Context& context, const Batch& batch, NoiseSource noise) const {
  noise.purpose = NoisePurpose::corrupt;
  noise.examples = batch.examples().data;
  ops::corrupt(context, batch.input().columns(0, batch.x().cols), batch.x(), batch.mask(), kind, amount,
               noise);
}

Corruption make_corruption(const ObjectiveSettings& settings) {
  Corruption corruption;
  if (settings.corruption == "gaussian") corruption.kind = ops::Corruption::gaussian;
  if (settings.corruption == "masking") corruption.kind = ops::Corruption::masking;
  corruption.amount = static_cast<float>(settings.corruption_amount);
  return corruption;
}

}  // namespace elbo
