#include "runtime/lane.h"

#include "runtime/cuda_api.h"

namespace elbo {

Lane::Lane(Context& context, bool products) {
  if (context.is_cuda()) side_ = cuda::create_side_line(context.cuda(), products);
}

void Lane::join() {
  if (side_) cuda::join(*side_);
}

void Lane::enter() {
  if (side_) cuda::enter(*side_);
}

void Lane::leave() noexcept {
  if (side_) cuda::leave(*side_);
}

}  // namespace elbo
