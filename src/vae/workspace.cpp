#include "vae/workspace.h"

#include <utility>

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

// On this tape, the encoder's input is neither corrupted nor missing.
nn::Tape lay_out_beside(const Vae& vae, Arena& arena, Purpose purpose) {
  const auto beside = vae.prior() ? vae.prior()->tape_beside() : std::nullopt;
  if (!beside) return {};
  const unsigned uses = purpose == Purpose::evaluation ? nn::kAlways : nn::kTraining | nn::kInputGradient;
  return vae.parts().plan.lay_out(arena, {beside->rows, 1}, uses, beside->slots);
}

}  // namespace

Workspace::Workspace(const Vae& vae, std::int64_t rows, std::int64_t samples, Purpose purpose) : vae_(&vae) {
  const VaeParts& parts = vae.parts();
  const auto lay_out = [&] {
    const nn::TapeSize size = {rows, vae.prior() ? samples : 1};
    nn::Tape tape = parts.plan.lay_out(arena_, size, uses_of(vae, purpose));
    return Batch(parts.slots, std::move(tape), lay_out_beside(vae, arena_, purpose));
  };
  lay_out();
  arena_ = Arena(vae.context(), arena_.used());
  batch_ = lay_out();
}

std::unique_ptr<HostPrior> prior_on_host(const Vae& vae) {
  const Workspace workspace(vae, 1);
  workspace.prepare();
  return vae.prior()->on_host(vae.run(), workspace.rows(1));
}

Batch SecondBatch::make(const Vae& vae, Batch first) {
  const nn::Plan& plan = vae.parts().plan;
  plan.lay_out_batch(arena_, first.tape());
  arena_ = Arena(vae.context(), arena_.used());
  plan.lay_out_batch(arena_, first.tape());
  return first;
}

}  // namespace elbo
