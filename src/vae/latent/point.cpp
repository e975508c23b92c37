#include "vae/latent/latent.h"

namespace elbo {
namespace {

class PointLatent final : public Latent {
 public:
  explicit PointLatent(const ModelConfig& config) : width_(config.latent) {}

  std::vector<nn::NamedRows> heads() const override { return {{"encoder.mean", width_}}; }
  void declare(nn::Builder&, BatchSlots& slots) override {
    slots.mean = slots.relative_mean = slots.z = slots.head;
  }
  const Prior* prior() const override { return nullptr; }
  void sample(const nn::Run&, const Batch&, const NoiseSource&) const override {}
  void take_mean(const nn::Run&, const Batch&) const override {}

  void backward(const nn::Run& run, const Batch& batch, const NoiseSource&, const nn::Block& decoder,
                const Objective& objective, const ObjectiveRates&) const override {
    decoder.backward_input(run, batch.tape());
    objective.add_code_gradient(run.context, batch);
  }

 private:
  std::int64_t width_;
};

}  // namespace

std::unique_ptr<Latent> make_point_latent(const ModelConfig& config) {
  return std::make_unique<PointLatent>(config);
}

}  // namespace elbo
