#pragma once
// Stands in for the toolkit's header in emulated builds.

#include "emulation/api.h"
#include "emulation/device.h"
