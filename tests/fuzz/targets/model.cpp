// Model files.

#include "elbo/model.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(model) {
  const InputFile file("input.safetensors", input);
  const auto model = unless_refused([&] { return Model::load(file.path(), Device::cpu()); });
  if (!model) return;
  const InputFile first("first.safetensors", ""), second("second.safetensors", "");
  model->save(first.path());
  const Model again = Model::load(first.path(), Device::cpu());
  require(again.recipe() == model->recipe() && again.dims() == model->dims(), "a model reads back equal");
  require(again.picture() == model->picture() && again.schema() == model->schema(),
          "what a model knows of its data reads back equal");
  again.save(second.path());
  require(first.content() == second.content(), "a model is saved to the same bytes again");
}

}  // namespace elbo::fuzz
