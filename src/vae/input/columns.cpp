#include <utility>

#include "ops/column_input.h"
#include "vae/input/input.h"

namespace elbo {
namespace {

std::vector<std::int32_t> table_of(const std::vector<ColumnForm>& forms) {
  std::vector<std::int32_t> table;
  for (std::int32_t j = 0; j < std::ssize(forms); ++j) {
    const ColumnForm& form = forms[static_cast<std::size_t>(j)];
    for (std::int32_t c = 0; c < form.classes; ++c) table.insert(table.end(), {j, c});
    if (form.classes == 0) table.insert(table.end(), {j, form.log ? math::kLogOfOnePlus : math::kAsItIs});
  }
  return table;
}

class ColumnsInput final : public Input {
 public:
  ColumnsInput(const ModelConfig& config, const std::vector<ColumnForm>& forms)
      : config_(config), table_values_(table_of(forms)), width_(std::ssize(table_values_) / 2) {}

  void declare(nn::Builder& builder, BatchSlots& slots) override {
    slots.input = builder.activation(
        {.name = "input", .cols = config_.encode_mask ? width_ + config_.dims : width_, .of_batch = true});
    slots.x = builder.activation({.name = "x", .cols = config_.dims, .of_batch = true});
    declare_mask_and_examples(builder, slots, config_, width_);
    table_ = builder.constant(table_values_);
  }
  void prepare(const nn::Run& run, const Batch& batch) const override {
    ops::column_input(run.context, batch.input().columns(0, width_), batch.x(), batch.mask(),
                      run.parameters.constant(table_));
  }

 private:
  ModelConfig config_;
  std::vector<std::int32_t> table_values_;
  std::int64_t width_;  ///< columns of the values
  nn::Constant table_;
};

}  // namespace

std::unique_ptr<Input> make_column_input(const ModelConfig& config, const std::vector<ColumnForm>& forms) {
  return std::make_unique<ColumnsInput>(config, forms);
}

}  // namespace elbo
