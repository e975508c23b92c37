#pragma once
// How an op reaches its kernel. In builds with CUDA every op has a launcher of the same name and arguments in
// elbo::cuda (kernels/<op>.cu), called after the shape checks; without CUDA the branch is compiled out.

#include "runtime/op_trace.h"

#if ELBO_HAS_CUDA
#define ELBO_DISPATCH_CUDA(context, call)                              \
  do {                                                                 \
    if ((context).is_cuda()) {                                         \
      if ((context).trace()) {                                         \
        ::elbo::run_on_device((context), [&] { ::elbo::cuda::call; }); \
      } else {                                                         \
        ::elbo::cuda::call;                                            \
      }                                                                \
      return;                                                          \
    }                                                                  \
  } while (false)
#else
#define ELBO_DISPATCH_CUDA(context, call) ((void)(context))
#endif
