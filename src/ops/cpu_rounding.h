#pragma once
// Rounds operands of products to a precision, on the CPU.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// The operand's place in a product; each place has memory of its own.
enum class OperandPlace { first, second };

/// Rounds `values` to the context's precision. In fp32 it returns `values`, else a copy in the context's
/// memory, which is valid until another operand is rounded in the same place. Throws DeviceError (out of
/// memory).
MatrixView<const float> rounded(Context& context, MatrixView<const float> values, OperandPlace place);

/// The memory that rounded() needs in `precision` for operands of at most `values` values.
std::size_t operand_bytes(Precision precision, std::int64_t values);

/// Allocates the memory that rounded() needs in `precision` for operands of at most `values` values, so that
/// later products do not allocate. Does nothing in fp32 or on a GPU. Throws DeviceError (out of memory).
void reserve_operands(Context& context, Precision precision, std::int64_t values);

}  // namespace elbo::ops::cpu
