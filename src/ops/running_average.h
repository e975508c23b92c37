#pragma once
// A running average of the parameters over the steps of a training.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// average ← average + (1 − d)(values − average), both [size], with d = min(decay, (1 + t) / (10 + t)) and t
/// = state->step (device): an exponential average whose memory grows up to 1 / (1 − decay) steps, so that the
/// initial parameters are soon forgotten (like tf.train.ExponentialMovingAverage with num_updates). `decay`
/// is in [0, 1). A skipped step does not change the average. Throws ShapeError.
void running_average(Context& context, VectorView<float> average, VectorView<const float> values,
                     double decay, const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/running_average.cu
decltype(ops::running_average) running_average;
}  // namespace elbo::cuda
