#include "train/input_mean.h"

#include "evaluation/evaluation_data.h"
#include "evaluation/host_copies.h"
#include "model/stored_batches.h"

namespace elbo {

std::vector<float> input_mean(const ModelState& model, const data::Standardization& statistics,
                              const Examples& train) {
  constexpr std::int64_t kMaxExamples = 10'000;
  const Vae& vae = *model.vae;
  const Examples some = train.evenly_spaced(kMaxExamples);
  const StoredBatches batches(model, statistics, some, model.recipe.train.seed);
  HostCopies copies(*model.context);
  std::vector<float> rows;
  std::vector<double> sums;
  for_each_chunk(vae, batches.count(), [&](const Batch& batch, std::int64_t first) {
    batches.fill(batch, first);
    vae.parts().input->prepare(vae.run(), batch);
    const MatrixView<const float> input = batch.input();
    copies.request(rows, input);
    copies.wait();
    sums.resize(static_cast<std::size_t>(input.cols));
    for (std::int64_t i = 0; i < input.rows; ++i) {
      const float* const row = rows.data() + i * input.stride;
      for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += row[j];
    }
  });
  std::vector<float> mean;
  for (const double sum : sums)
    mean.push_back(static_cast<float>(sum / static_cast<double>(batches.count())));
  return mean;
}

}  // namespace elbo
