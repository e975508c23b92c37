#include "runtime/lane.h"

#include "runtime/cuda_api.h"

namespace elbo {

struct Lane::Side {
#if ELBO_HAS_CUDA
  std::shared_ptr<cuda::SideLine> line;
#endif
};

Lane::Lane(Context& context, bool products) {
#if ELBO_HAS_CUDA
  if (context.is_cuda()) {
    side_ = std::make_shared<Side>();
    side_->line = cuda::create_side_line(context.cuda(), products);
  }
#endif
  (void)context;
  (void)products;
}

void Lane::join() {
#if ELBO_HAS_CUDA
  if (side_) cuda::join(*side_->line);
#endif
}

void Lane::enter() {
#if ELBO_HAS_CUDA
  if (side_) cuda::enter(*side_->line);
#endif
}

void Lane::leave() noexcept {
#if ELBO_HAS_CUDA
  if (side_) cuda::leave(*side_->line);
#endif
}

}  // namespace elbo
