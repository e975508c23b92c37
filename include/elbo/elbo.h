#pragma once
// elbo: a variational-autoencoder engine. This header brings in the whole public API.

#include "elbo/analysis.h"
#include "elbo/dataset.h"
#include "elbo/device.h"
#include "elbo/download.h"
#include "elbo/error.h"
#include "elbo/evaluation.h"
#include "elbo/export.h"
#include "elbo/model.h"
#include "elbo/op_call.h"
#include "elbo/plan.h"
#include "elbo/precision.h"
#include "elbo/recipe.h"
#include "elbo/schema.h"
#include "elbo/train.h"
#include "elbo/traits.h"
#include "elbo/version.h"
