#pragma once
// Trainings in stages: a recipe whose data are the codes of another recipe's model.

#include "commands/train_job.h"

namespace elbo::command {

/// Whether data.codes_of names a recipe, which is trained first, and no run or model.
bool has_first_stage(const Recipe& recipe);

/// Trains the recipe that data.codes_of names, or goes on with it, into the folder "codes" of the job's,
/// which data.codes_of then names. The seed, the data and the device are the job's. Returns false if it was
/// interrupted, which it has said.
bool train_first_stage(Job& job, const TrainRequest& request);

}  // namespace elbo::command
