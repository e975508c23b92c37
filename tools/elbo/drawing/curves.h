#pragma once
// Training curves: costs by epoch.

#include <vector>

#include "drawing/canvas.h"
#include "reports/metrics_table.h"

namespace elbo::command {

/// −ELBO, reconstruction and KL of every epoch, of training and validation data; of an autoencoder the
/// reconstruction alone. The first twentieth of the epochs may leave a panel at its top, so that a steep
/// beginning does not flatten the rest. There must be an epoch.
Canvas draw_curves(const std::vector<Json>& epochs, bool variational);

}  // namespace elbo::command
