#pragma once
// Marks what a shared library exports.

#if defined(__GNUC__)
#define ELBO_API __attribute__((visibility("default")))
#else
#define ELBO_API
#endif
