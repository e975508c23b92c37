#include "vae/input/input.h"

namespace elbo {

void declare_mask_and_examples(nn::Builder& builder, BatchSlots& slots, const ModelConfig& config,
                               std::int64_t first) {
  slots.mask =
      config.encode_mask
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

}  // namespace elbo
