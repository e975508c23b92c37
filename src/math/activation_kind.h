#pragma once
// The activations by name. Their formulas are in math/activations.h.

#include <optional>
#include <string_view>

/// X(enumerator) for every activation. A new one needs a line here and its formulas in math/activations.h.
#define ELBO_ACTIVATIONS(X) \
  X(identity)               \
  X(relu)                   \
  X(tanh)                   \
  X(sigmoid)                \
  X(gelu)                   \
  X(silu)

namespace elbo {

#define ELBO_ENUMERATOR(kind) kind,
enum class Activation { ELBO_ACTIVATIONS(ELBO_ENUMERATOR) };
#undef ELBO_ENUMERATOR

struct ActivationName {
  Activation kind;
  std::string_view name;
};

#define ELBO_ENTRY(kind) {Activation::kind, #kind},
inline constexpr ActivationName kActivations[] = {ELBO_ACTIVATIONS(ELBO_ENTRY)};
#undef ELBO_ENTRY

constexpr std::string_view activation_name(Activation activation) {
  return kActivations[static_cast<int>(activation)].name;
}

/// The activation called `name` ("relu", "tanh", …), or nothing.
constexpr std::optional<Activation> activation_named(std::string_view name) {
  for (const auto& entry : kActivations) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

/// Whether act′ is computed from the input of the activation (gelu, silu) rather than from its output.
constexpr bool derivative_needs_input(Activation activation) {
  return activation == Activation::gelu || activation == Activation::silu;
}

}  // namespace elbo
