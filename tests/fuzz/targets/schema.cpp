// A schema's text; the first byte is the number of its modelled columns.

#include "fuzz/target.h"
#include "model/schema_text.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(schema) {
  if (input.empty()) return;
  const std::int64_t dims = static_cast<unsigned char>(input[0]) % 16;
  const auto read = [&](std::string_view text) { return schema_from_text(text, dims, "the input"); };
  const auto schema = unless_refused([&] { return read(input.substr(1)); });
  if (!schema) return;
  std::int64_t modelled = 0;
  for (const Column& column : schema->columns) modelled += is_modelled(column);
  require(modelled == dims, "the modelled columns are the values");
  const std::string text = schema_to_text(*schema);
  require(read(text) == *schema && schema_to_text(read(text)) == text, "a schema reads back equal");
}

}  // namespace elbo::fuzz
