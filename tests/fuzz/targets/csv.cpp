// Text tables, also matched with columns of a model.

#include <cmath>

#include "data/table/table.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

namespace {

/// Every value that is present, and no other, has its cell.
void check_source(const Examples& examples) {
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const auto cells = examples.source_cells(i);
    for (std::int64_t j = 0; j < examples.dims; ++j) {
      const SourceCell& cell = cells[static_cast<std::size_t>(j)];
      const bool present = !cell.text.empty() || cell.number;
      require(present == !std::isnan(examples.value(i, j)), "a present value has its cell");
    }
  }
}

}  // namespace

ELBO_FUZZ_TARGET(csv) {
  for (const HeaderLine header : {HeaderLine::automatic, HeaderLine::present, HeaderLine::absent}) {
    TableOptions options;
    options.header = header;
    const auto read = [&](const std::optional<Schema>& like) {
      return data::parse_table(input, "input", "input", options, like);
    };
    const auto data = unless_refused([&] { return read({}); });
    if (!data) continue;
    check(*data);
    std::int64_t modelled = 0;
    for (const Column& column : data->schema.columns) modelled += is_modelled(column);
    require(modelled == data->dims(), "the schema has a column for each value");
    check_same(*data, read(data->schema));
    check_source(data::parse_table(input, "input", "input", options, {}, true).train);
  }
}

}  // namespace elbo::fuzz
