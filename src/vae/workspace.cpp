#include "vae/workspace.h"

#include <algorithm>
#include <utility>

namespace elbo {
namespace {

bool has_gradients(Purpose purpose) {
  return purpose == Purpose::gradients || purpose == Purpose::training;
}

unsigned uses_of(const VaeParts& parts, bool missing, Purpose purpose) {
  unsigned uses = nn::kAlways;
  if (has_gradients(purpose)) uses |= nn::kTraining;
  if (purpose == Purpose::training) uses |= nn::kLearning;
  if (purpose == Purpose::training && parts.corruption) uses |= nn::kCorrupted;
  if (missing) uses |= nn::kMasked;
  return uses;
}

// On this tape, the encoder's input is neither corrupted nor missing.
nn::Tape lay_out_beside(const VaeParts& parts, Arena& arena, Purpose purpose) {
  const Prior* prior = parts.latent->prior();
  const auto beside = prior ? prior->tape_beside() : std::nullopt;
  if (!beside) return {};
  const unsigned uses = has_gradients(purpose) ? nn::kTraining | nn::kInputGradient : nn::kAlways;
  return parts.plan.lay_out(arena, {beside->rows, 1}, uses, beside->slots);
}

Batch lay_out(const VaeParts& parts, bool missing, Arena& arena, nn::TapeSize size, Purpose purpose) {
  if (!parts.latent->prior()) size.samples = 1;
  if (purpose != Purpose::evaluation && parts.condition.inferred()) size.classes = parts.condition.classes();
  nn::Tape tape = parts.plan.lay_out(arena, size, uses_of(parts, missing, purpose));
  return Batch(parts.slots, std::move(tape), lay_out_beside(parts, arena, purpose));
}

}  // namespace

WorkspaceSize workspace_size(const VaeParts& parts, bool missing, std::int64_t rows, std::int64_t samples,
                             Purpose purpose) {
  Arena whole, second;
  const Batch batch = lay_out(parts, missing, whole, {rows, samples}, purpose);
  nn::Tape tape = batch.tape();
  parts.plan.lay_out_batch(second, tape);
  return {whole.used(), second.used(), std::max(batch.tape().largest(), batch.beside().largest())};
}

Workspace::Workspace(const Vae& vae, std::int64_t rows, std::int64_t samples, Purpose purpose) : vae_(&vae) {
  const auto place = [&] {
    return lay_out(vae.parts(), vae.config().missing, arena_, {rows, samples}, purpose);
  };
  place();
  arena_ = Arena(vae.context(), arena_.used());
  batch_ = place();
  vae.parts().condition.enumerate(vae.context(), batch_);
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
