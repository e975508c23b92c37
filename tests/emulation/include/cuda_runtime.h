#pragma once
// Replaces the toolkit's header in emulated builds.

#define CUDART_VERSION 13000

#include "emulation/api.h"
#include "emulation/device.h"
