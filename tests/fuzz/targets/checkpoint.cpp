// Checkpoints of a small training.

#include "fuzz/seeds.h"
#include "fuzz/target.h"
#include "model/state.h"
#include "train/checkpoint.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(checkpoint) {
  static Model model = checkpointed_model();
  const ModelState& state = state_of(model);
  const InputFile file("input.safetensors", input), copy("copy.safetensors", "");
  const auto read = unless_refused([&] { return read_checkpoint(file.path(), state, kCheckpointedData); });
  if (!read) return;
  const auto size = static_cast<std::size_t>(state.vae->parameters().layout().size);
  require(read->arrays.values.size() == size && read->arrays.first_moment.size() == size &&
              read->arrays.second_moment.size() == size,
          "arrays have the layout's size");
  const TrainingPosition& at = read->position;
  require(at.epoch >= 0 && at.epoch_steps >= 0 && at.steps >= at.epoch_steps && at.best_epoch <= at.epoch,
          "counters agree");
  save_checkpoint(copy.path(), state, kCheckpointedData, at, read->arrays);
  const Checkpoint again = read_checkpoint(copy.path(), state, kCheckpointedData);
  require(again.position.steps == at.steps && same(again.arrays.values, read->arrays.values) &&
              same(again.arrays.second_moment, read->arrays.second_moment),
          "a checkpoint reads back equal");
}

}  // namespace elbo::fuzz
