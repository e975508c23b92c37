#pragma once
// The memory that a training needs.

#include <cstddef>

#include "elbo/dataset.h"
#include "elbo/device.h"
#include "elbo/export.h"
#include "elbo/recipe.h"

namespace elbo {

/// The peak memory of a training in bytes, by use, without the data it is given. On a GPU all but `copies`
/// are in the GPU's memory, and only `copies` are compared with what the host has free.
struct ELBO_API TrainingMemory {
  std::size_t parameters = 0;   ///< values, gradients, the optimizer's moments, the average of train.ema
  std::size_t activations = 0;  ///< a batch, what is computed from it, and the gradients in that
  std::size_t evaluation = 0;   ///< the same of the batches by which a model is evaluated
  std::size_t data = 0;         ///< the examples' copies and their order
  std::size_t copies = 0;       ///< the parameters on their way to files, and the best ones

  std::size_t total() const noexcept { return parameters + activations + evaluation + data + copies; }
};

/// Computes the memory of train() for a new model of this recipe; it allocates nothing of that. Throws
/// ConfigError for a recipe that makes no model of these rows.
ELBO_API TrainingMemory training_memory(const Recipe& recipe, const Dataset& data,
                                        Device device = Device::automatic());

/// Throws OutOfMemoryError, with the parts of what is needed, if the host cannot hold a new model of this
/// recipe and its training: if the machine or its container has less free. train() does so itself; call this
/// before a large model is made.
///
///     elbo::check_memory(recipe, data, device);
///     elbo::Model model(recipe, data.dims(), device, data.picture);
///
/// ELBO_MEMORY_CHECK=off in the environment switches it off; a number there is a limit in bytes.
ELBO_API void check_memory(const Recipe& recipe, const Dataset& data, Device device = Device::automatic());

}  // namespace elbo
