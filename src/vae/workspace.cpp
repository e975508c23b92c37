#include "vae/workspace.h"

namespace elbo {
namespace {

unsigned uses_of(const Vae& vae, Purpose purpose) {
  unsigned uses = nn::kAlways;
  if (purpose != Purpose::evaluation) uses |= nn::kTraining;
  if (purpose == Purpose::training) uses |= nn::kLearning;
  if (purpose == Purpose::training && vae.parts().corruption) uses |= nn::kCorrupted;
  if (vae.config().missing) uses |= nn::kMasked;
  return uses;
}

}  // namespace

Workspace::Workspace(const Vae& vae, std::int64_t rows, std::int64_t samples, Purpose purpose) {
  const VaeParts& parts = vae.parts();
  const nn::TapeSize size = {rows, vae.prior() ? samples : 1};
  const unsigned uses = uses_of(vae, purpose);
  parts.plan.lay_out(arena_, size, uses);
  arena_ = Arena(vae.context(), arena_.used());
  batch_ = Batch(parts.slots, parts.plan.lay_out(arena_, size, uses));
}

Batch SecondBatch::make(const Vae& vae, Batch first) {
  const nn::Plan& plan = vae.parts().plan;
  plan.lay_out_batch(arena_, first.tape());
  arena_ = Arena(vae.context(), arena_.used());
  plan.lay_out_batch(arena_, first.tape());
  return first;
}

}  // namespace elbo
