#pragma once
// Operands of products as a precision takes them, for the CPU.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// Which operand of a product: each has memory of its own.
enum class OperandPlace { first, second };

/// `values` rounded to the context's precision: itself in fp32, elsewhere a copy in the context's memory that
/// stays what it is until another operand is rounded in the same place. Throws DeviceError (out of memory).
MatrixView<const float> rounded(Context& context, MatrixView<const float> values, OperandPlace place);

/// Takes the memory that rounded() needs in `precision` for operands of at most `values` values, so that
/// products of such allocate nothing. Nothing in fp32, nothing on a GPU. Throws DeviceError (out of memory).
void reserve_operands(Context& context, Precision precision, std::int64_t values);

}  // namespace elbo::ops::cpu
