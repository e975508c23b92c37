#include "runtime/branch.h"

#include "runtime/cuda_api.h"

namespace elbo {

Branch::Branch(Context& context, bool gemms) {
  if (context.is_cuda()) side_ = cuda::create_side_line(context.cuda(), gemms);
}

void Branch::join() {
  if (side_) cuda::join(*side_);
}

void Branch::enter() {
  if (side_) cuda::enter(*side_);
}

void Branch::leave() noexcept {
  if (side_) cuda::leave(*side_);
}

}  // namespace elbo
