#pragma once
// The subject of step_bench: a model in training on pictures on the device.

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "data/resident.h"
#include "model/state.h"
#include "ops/op_trace.h"
#include "ops/record_loss.h"
#include "recipe/data_settings.h"
#include "runtime/readback.h"
#include "support/random.h"
#include "train/gemm_plans.h"
#include "train/step_graphs.h"

namespace elbo::bench {

/// Pictures that a VAE can learn, as in bench/peers/workload.py: each is one of ten random patterns with 20 %
/// of the pixels lit, each lit pixel a random grey from 128 to 255. The pattern is the label, of a model that
/// infers labels for a quarter of them.
inline Examples pictures(std::int64_t count, std::int64_t dims, const ModelSettings& model) {
  constexpr std::int64_t kPatterns = 10;
  test::Random random(1);
  std::vector<bool> lit(static_cast<std::size_t>(kPatterns * dims));
  for (std::size_t i = 0; i < lit.size(); ++i) lit[i] = random.unit() < 0.2;
  Examples examples;
  examples.count = count;
  examples.dims = dims;
  examples.bytes = random.bytes(count * dims);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < dims; ++j) {
      auto& value = examples.bytes[static_cast<std::size_t>(i * dims + j)];
      const bool shown = lit[static_cast<std::size_t>(i % kPatterns * dims + j)];
      value = shown ? static_cast<std::uint8_t>(128 + value / 2) : std::uint8_t{0};
    }
  }
  for (std::int64_t i = 0; i < count && !model.condition.empty(); ++i) {
    const bool known = model.kind != "m2" || i / kPatterns % 4 == 0;
    examples.labels.push_back(known ? static_cast<std::int32_t>(i % kPatterns) : kNoLabel);
  }
  return examples;
}

/// Rows whose number of values is a square are square pictures.
inline PictureShape square_picture(std::int64_t dims) {
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(dims))));
  return side * side == dims ? PictureShape{side, side, 1} : PictureShape{};
}

/// A model in training: whole steps as in `elbo train`, and their parts one by one.
class Training {
 public:
  Training(const Recipe& recipe, Device device, Precision precision, std::int64_t dims, std::int64_t examples,
           const StepGraphOptions& options = {})
      : model_(in_precision(recipe, precision), dims, device, square_picture(dims)),
        data_(in_precision(*model_.context, precision), pictures(examples, dims, recipe.model)),
        preprocessor_(*model_.context, recipe.data.binarize, true, {}, {}),
        runner_(tuned(model_, data_, preprocessor_), data_, preprocessor_, options),
        workspace_(*model_.vae, recipe.train.batch, recipe.objective.samples, Purpose::gradients),
        batch_(workspace_.rows(recipe.train.batch)),
        state_(*model_.context, 1),
        record_(*model_.context, 1),
        readback_(*model_.context, sizeof(CostRecord)) {
    noise_.seed = recipe.train.seed;
    noise_.time = &state_.data()->noise_time;
    rates_.kl_weight = &state_.data()->kl_weight;
    begin_epoch();
  }

  /// Starts at the beginning of the data, shuffled anew.
  void begin_epoch() {
    runner_.begin(++epoch_, 0, steps_, {});
    position_ = 0;
  }
  /// Launches `count` steps of the epoch, or a few more if they come in graphs; returns their number.
  std::int64_t run_steps(std::int64_t count) {
    std::int64_t given = 0;
    while (given < count) given += runner_.launch();
    position_ += given;
    steps_ += given;
    return given;
  }
  /// Launches the whole next epoch, including a shorter last batch.
  void run_epoch() {
    begin_epoch();
    run_steps(steps_per_epoch());
  }
  /// The mean over the epoch's examples so far, in nats. Waits for the device.
  double negative_elbo() {
    readback_.start(runner_.record());
    CostRecord record;
    std::memcpy(&record, readback_.wait(), sizeof record);
    return -record.average(runner_.examples_in(position_), 0.0).elbo;
  }

  const StepGraphs& runner() const { return runner_; }
  Context& device() { return *model_.context; }
  Vae& vae() { return *model_.vae; }
  const Recipe& recipe() const { return model_.recipe; }
  std::int64_t batch_size() const { return batch_.rows(); }
  std::int64_t samples() const { return batch_.samples(); }
  std::int64_t examples() const { return data_.count(); }
  std::int64_t steps_per_epoch() const { return runner_.steps_per_epoch(); }

  /// Prepares for the parts below, which share a separate batch and state.
  void begin_parts() {
    StepState state;
    state.learning_rate = static_cast<float>(model_.recipe.train.learning_rate);
    state_.upload(std::span<const StepState>(&state, 1));
    record_.fill_zero();
    device().synchronize();
  }

  /// The parts in order. The backward pass needs the forward pass before it.
  void advance() { ops::advance_step(device(), state_.data(), state_.data(), {}, batch_.rows(), adam_); }
  void gather() {
    ops::gather_batch(device(), {batch_.x(), {}, batch_.examples()}, data_.source(),
                      preprocessor_.keyed(0, nullptr), state_.data());
    vae().parts().condition.read(vae().run(), batch_, data_.conditions(), state_.data());
  }
  void encode() { vae().encode(batch_); }
  void sample() { vae().sample(batch_, noise_); }
  void decode() { vae().decode(batch_); }
  void score() {
    vae().score(batch_, {.scale = 1.0f / static_cast<float>(batch_.rows()), .per_row = {}}, true);
  }
  void forward_backward() { vae().forward_backward(batch_, noise_, rates_); }
  void record() {
    CostRecord* const to = record_.data();
    ops::record_loss(
        device(), to->sums, &to->first_bad_step,
        {.nll = batch_.nll(), .kl = batch_.kl(), .samples = batch_.samples(), .objective = {}, .penalty = {}},
        state_.data());
  }
  void adam() {
    nn::Parameters& p = vae().parameters();
    ops::adam(device(), p.values(), p.gradient(), p.first_moment(), p.second_moment(), adam_, state_.data());
  }

 private:
  static Recipe in_precision(Recipe recipe, Precision precision) {
    recipe.train.precision = precision;
    return recipe;
  }
  /// The model with its products' plans settled, as in a training.
  static ModelState& tuned(ModelState& model, const data::ResidentData& data,
                           const data::Preprocessor& preprocessor) {
    make_step_graphs(model, data, preprocessor, PlanSources::of(model));
    return model;
  }
  /// Sets the precision for the parts; a step uses its recipe's.
  static Context& in_precision(Context& context, Precision precision) {
    context.set_precision(precision);
    return context;
  }

  ModelState model_;
  data::ResidentData data_;
  data::Preprocessor preprocessor_;
  StepGraphs runner_;
  std::int64_t epoch_ = 0, position_ = 0;
  std::int64_t steps_ = 0;  ///< optimizer steps in all epochs
  // For the parts:
  ObjectiveRates rates_;
  Workspace workspace_;
  Batch batch_;
  Buffer<StepState> state_;
  Buffer<CostRecord> record_;
  ops::AdamSettings adam_;
  NoiseSource noise_;
  Readback readback_;
};

/// The multiplications and additions of a step's products and convolutions, as counted by its ops.
inline double step_flops(Training& training) {
  training.begin_parts();
  training.advance();
  training.gather();
  OpTrace trace;
  const TraceScope scope(training.device(), trace);
  training.forward_backward();
  training.device().synchronize();
  double flops = 0.0;
  for (const OpCall& call : trace.calls) flops += call.flops;
  return flops;
}

}  // namespace elbo::bench
