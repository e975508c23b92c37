#pragma once
// Operands of products as a precision takes them, for the CPU.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// Which operand of a product: each has memory of its own.
enum class OperandPlace { first, second };

/// `values` rounded to the context's precision: itself in fp32, elsewhere a copy that stays what it is until
/// this thread rounds another operand in the same place.
MatrixView<const float> rounded(Context& context, MatrixView<const float> values, OperandPlace place);

}  // namespace elbo::ops::cpu
