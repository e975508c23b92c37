// Text tables, also matched with columns of a model.

#include "data/table/table.h"
#include "fuzz/target.h"

namespace elbo::fuzz {

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
    for (const Column& column : data->schema.columns) modelled += is_modelled(column.kind);
    require(modelled == data->dims(), "the schema has a column for each value");
    check_same(*data, read(data->schema));
  }
}

}  // namespace elbo::fuzz
