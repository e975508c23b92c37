// metrics.jsonl, as a resumed training finds it.

#include <algorithm>

#include "fuzz/target.h"
#include "train/metrics.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(metrics) {
  const InputFile file("metrics.jsonl", input);
  const std::int64_t last = static_cast<std::int64_t>(input.size() % 4);
  MetricsFile metrics(file.path(), last);
  const std::string kept = file.content();
  require(kept.size() <= input.size() + 1, "nothing is added");
  require(last > 0 || kept.empty(), "no line is kept of a new run");
  require(kept.empty() || kept.ends_with('\n'), "lines are whole");
  EpochMetrics next;
  next.epoch = last + 1;
  metrics.append(next);
  metrics.sync();
  require(std::ranges::count(file.content(), '\n') == std::ranges::count(kept, '\n') + 1, "a line is added");
  const MetricsFile again(file.path(), last);
  require(file.content() == kept, "the line of a later epoch is dropped again, and no other");
}

}  // namespace elbo::fuzz
