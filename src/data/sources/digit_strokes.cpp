#include "data/sources/digit_strokes.h"

#include <array>

namespace elbo::data {
namespace {

using P = StrokePoint;

// 0: an oval closed at the top; one whose ends cross; one left a little open.
constexpr P k0Closed[] = {{0.04f, -0.5f}, {-0.2f, -0.38f}, {-0.31f, 0.0f}, {-0.21f, 0.37f},
                          {0.01f, 0.5f},  {0.22f, 0.37f},  {0.31f, 0.0f},  {0.22f, -0.37f},
                          {0.03f, -0.5f}, {-0.06f, -0.47f}};
constexpr P k0Crossed[] = {{0.18f, -0.45f}, {-0.05f, -0.46f}, {-0.25f, -0.22f}, {-0.27f, 0.15f},
                           {-0.13f, 0.45f}, {0.08f, 0.47f},   {0.24f, 0.2f},    {0.26f, -0.15f},
                           {0.12f, -0.42f}, {-0.04f, -0.5f}};
constexpr P k0Open[] = {{-0.08f, -0.46f}, {-0.24f, -0.25f}, {-0.28f, 0.1f},  {-0.16f, 0.43f}, {0.05f, 0.49f},
                        {0.23f, 0.28f},   {0.28f, -0.1f},   {0.19f, -0.38f}, {0.05f, -0.48f}};
constexpr Stroke k0A[] = {k0Closed}, k0B[] = {k0Crossed}, k0C[] = {k0Open};

// 1: a line; with a flag; with a flag and a foot; bent.
constexpr P k1Line[] = {{0.0f, -0.5f}, {0.0f, 0.0f}, {0.0f, 0.5f}};
constexpr P k1Flag[] = {{-0.17f, -0.3f}, {-0.06f, -0.39f}, {0.03f, -0.5f}};
constexpr P k1Stem[] = {{0.03f, -0.5f}, {0.02f, 0.0f}, {0.03f, 0.5f}};
constexpr P k1Foot[] = {{-0.18f, 0.5f}, {0.03f, 0.49f}, {0.23f, 0.5f}};
constexpr P k1Bent[] = {{0.05f, -0.5f}, {-0.02f, -0.1f}, {-0.03f, 0.2f}, {0.0f, 0.5f}};
constexpr Stroke k1A[] = {k1Line}, k1B[] = {k1Flag, k1Stem}, k1C[] = {k1Flag, k1Stem, k1Foot},
                 k1D[] = {k1Bent};

// 2: with a corner at the foot; with a loop there; with a wavy foot.
constexpr P k2Swan[] = {{-0.27f, -0.27f}, {-0.14f, -0.46f}, {0.1f, -0.48f}, {0.25f, -0.3f},
                        {0.19f, -0.05f},  {-0.04f, 0.2f},   {-0.3f, 0.47f}};
constexpr P k2Foot[] = {{-0.3f, 0.47f}, {0.02f, 0.44f}, {0.32f, 0.45f}};
constexpr P k2Looped[] = {{-0.24f, -0.3f}, {-0.1f, -0.47f}, {0.12f, -0.46f}, {0.22f, -0.25f},
                          {0.13f, 0.05f},  {-0.06f, 0.32f}, {-0.24f, 0.47f}, {-0.34f, 0.39f},
                          {-0.25f, 0.27f}, {-0.06f, 0.33f}, {0.12f, 0.45f},  {0.34f, 0.38f}};
constexpr P k2Wavy[] = {{-0.3f, -0.36f}, {-0.12f, -0.49f}, {0.12f, -0.43f}, {0.2f, -0.2f},
                        {0.06f, 0.1f},   {-0.14f, 0.32f},  {-0.27f, 0.44f}};
constexpr P k2Wave[] = {{-0.27f, 0.44f}, {-0.1f, 0.37f}, {0.1f, 0.46f}, {0.34f, 0.42f}};
constexpr Stroke k2A[] = {k2Swan, k2Foot}, k2B[] = {k2Looped}, k2C[] = {k2Wavy, k2Wave};

// 3: two bowls; a flat top; a small loop in the middle.
constexpr P k3Upper[] = {{-0.25f, -0.36f}, {-0.06f, -0.5f}, {0.18f, -0.42f}, {0.2f, -0.2f}, {-0.04f, -0.04f}};
constexpr P k3Lower[] = {{-0.04f, -0.04f}, {0.2f, 0.06f},   {0.27f, 0.27f},
                         {0.08f, 0.49f},   {-0.16f, 0.47f}, {-0.29f, 0.34f}};
constexpr P k3Top[] = {{-0.25f, -0.46f}, {0.0f, -0.48f}, {0.25f, -0.48f}};
constexpr P k3Diagonal[] = {{0.25f, -0.48f}, {0.12f, -0.27f}, {-0.02f, -0.08f}};
constexpr P k3Bowl[] = {{-0.02f, -0.08f}, {0.19f, 0.0f},  {0.28f, 0.2f},
                        {0.18f, 0.43f},   {-0.06f, 0.5f}, {-0.28f, 0.4f}};
constexpr P k3Looped[] = {{-0.24f, -0.4f}, {-0.04f, -0.5f},  {0.17f, -0.38f}, {0.12f, -0.14f},
                          {-0.07f, 0.0f},  {-0.13f, -0.05f}, {0.0f, -0.06f},  {0.21f, 0.1f},
                          {0.24f, 0.32f},  {0.04f, 0.5f},    {-0.22f, 0.45f}};
constexpr Stroke k3A[] = {k3Upper, k3Lower}, k3B[] = {k3Top, k3Diagonal, k3Bowl}, k3C[] = {k3Looped};

// 4: open; closed; open, in one curve like a y.
constexpr P k4Left[] = {{-0.19f, -0.47f}, {-0.24f, -0.2f}, {-0.28f, 0.04f}};
constexpr P k4Across[] = {{-0.28f, 0.04f}, {0.04f, 0.05f}, {0.33f, 0.0f}};
constexpr P k4Stem[] = {{0.17f, -0.42f}, {0.14f, 0.0f}, {0.09f, 0.5f}};
constexpr P k4Slope[] = {{0.14f, -0.5f}, {-0.1f, -0.2f}, {-0.32f, 0.13f}};
constexpr P k4Bar[] = {{-0.32f, 0.13f}, {0.0f, 0.14f}, {0.33f, 0.12f}};
constexpr P k4Post[] = {{0.14f, -0.5f}, {0.13f, 0.0f}, {0.12f, 0.5f}};
constexpr P k4Cup[] = {{-0.24f, -0.43f}, {-0.29f, -0.15f}, {-0.16f, 0.05f},
                       {0.08f, -0.02f},  {0.22f, -0.25f},  {0.27f, -0.47f}};
constexpr P k4Tail[] = {{0.27f, -0.47f}, {0.19f, 0.0f}, {0.08f, 0.5f}};
constexpr Stroke k4A[] = {k4Left, k4Across, k4Stem}, k4B[] = {k4Slope, k4Bar, k4Post},
                 k4C[] = {k4Cup, k4Tail};

// 5: with corners; in one curve like an S; with its bar apart.
constexpr P k5Neck[] = {{-0.15f, -0.47f}, {-0.18f, -0.28f}, {-0.21f, -0.07f}};
constexpr P k5Bowl[] = {{-0.21f, -0.07f}, {0.03f, -0.15f}, {0.24f, 0.02f},
                        {0.24f, 0.3f},    {0.04f, 0.49f},  {-0.27f, 0.41f}};
constexpr P k5Bar[] = {{-0.15f, -0.47f}, {0.06f, -0.48f}, {0.28f, -0.5f}};
constexpr P k5Curve[] = {{0.27f, -0.47f},  {0.03f, -0.48f}, {-0.15f, -0.36f},
                         {-0.17f, -0.17f}, {0.04f, -0.06f}, {0.19f, 0.12f},
                         {0.14f, 0.37f},   {-0.06f, 0.49f}, {-0.29f, 0.43f}};
constexpr P k5Hook[] = {{-0.16f, -0.4f}, {-0.19f, -0.1f}, {0.04f, -0.13f}, {0.22f, 0.04f},
                        {0.2f, 0.33f},   {0.0f, 0.5f},    {-0.22f, 0.46f}};
constexpr P k5Apart[] = {{-0.1f, -0.46f}, {0.1f, -0.46f}, {0.3f, -0.5f}};
constexpr Stroke k5A[] = {k5Neck, k5Bowl, k5Bar}, k5B[] = {k5Curve}, k5C[] = {k5Hook, k5Apart};

// 6: round; slim with a small loop; wide and leaning.
constexpr P k6Round[] = {{0.18f, -0.5f}, {-0.08f, -0.3f}, {-0.25f, 0.04f}, {-0.21f, 0.37f}, {0.02f, 0.5f},
                         {0.23f, 0.34f}, {0.2f, 0.12f},   {0.0f, 0.02f},   {-0.17f, 0.12f}, {-0.23f, 0.26f}};
constexpr P k6Slim[] = {{0.06f, -0.5f}, {-0.12f, -0.18f}, {-0.19f, 0.15f}, {-0.14f, 0.41f}, {0.03f, 0.5f},
                        {0.17f, 0.36f}, {0.13f, 0.19f},   {-0.03f, 0.16f}, {-0.16f, 0.3f}};
constexpr P k6Wide[] = {{0.27f, -0.44f}, {0.0f, -0.42f}, {-0.23f, -0.12f}, {-0.25f, 0.25f}, {-0.03f, 0.48f},
                        {0.23f, 0.35f},  {0.26f, 0.1f},  {0.06f, -0.05f},  {-0.16f, 0.1f}};
constexpr Stroke k6A[] = {k6Round}, k6B[] = {k6Slim}, k6C[] = {k6Wide};

// 7: plain; with a bar through it; with a serif and a curved stem.
constexpr P k7Top[] = {{-0.3f, -0.44f}, {0.0f, -0.47f}, {0.29f, -0.46f}};
constexpr P k7Stem[] = {{0.29f, -0.46f}, {0.1f, -0.02f}, {-0.06f, 0.5f}};
constexpr P k7Bar[] = {{-0.14f, 0.03f}, {0.08f, 0.0f}, {0.3f, -0.02f}};
constexpr P k7Serif[] = {{-0.29f, -0.27f}, {-0.27f, -0.37f}, {-0.25f, -0.45f}};
constexpr P k7Shelf[] = {{-0.25f, -0.45f}, {0.02f, -0.42f}, {0.28f, -0.48f}};
constexpr P k7Curved[] = {{0.28f, -0.48f}, {0.12f, -0.18f}, {0.0f, 0.12f}, {-0.04f, 0.5f}};
constexpr Stroke k7A[] = {k7Top, k7Stem}, k7B[] = {k7Top, k7Stem, k7Bar},
                 k7C[] = {k7Serif, k7Shelf, k7Curved};

// 8: in one line that crosses; two rings; one line that stays open at the top.
constexpr P k8Crossing[] = {{0.06f, -0.5f},  {-0.18f, -0.42f}, {-0.2f, -0.22f}, {0.0f, -0.04f},
                            {0.2f, 0.14f},   {0.23f, 0.34f},   {0.04f, 0.5f},   {-0.2f, 0.41f},
                            {-0.22f, 0.19f}, {-0.02f, -0.02f}, {0.17f, -0.19f}, {0.21f, -0.37f},
                            {0.07f, -0.5f}};
constexpr P k8Upper[] = {{0.01f, -0.5f},  {-0.16f, -0.4f}, {-0.16f, -0.18f}, {0.0f, -0.07f},
                         {0.16f, -0.18f}, {0.16f, -0.4f},  {0.0f, -0.5f}};
constexpr P k8Lower[] = {{0.0f, -0.07f}, {-0.2f, 0.06f}, {-0.24f, 0.28f}, {-0.1f, 0.47f},
                         {0.1f, 0.47f},  {0.24f, 0.28f}, {0.2f, 0.06f},   {0.01f, -0.06f}};
constexpr P k8Open[] = {{0.24f, -0.42f}, {0.02f, -0.49f}, {-0.18f, -0.35f}, {-0.12f, -0.14f},
                        {0.1f, 0.04f},   {0.2f, 0.26f},   {0.06f, 0.48f},   {-0.15f, 0.43f},
                        {-0.17f, 0.22f}, {0.02f, -0.02f}, {0.22f, -0.28f},  {0.29f, -0.42f}};
constexpr Stroke k8A[] = {k8Crossing}, k8B[] = {k8Upper, k8Lower}, k8C[] = {k8Open};

// 9: a ring with a straight stem; with a hooked tail; in one line.
constexpr P k9Ring[] = {{0.21f, -0.34f},  {0.03f, -0.49f}, {-0.18f, -0.41f}, {-0.24f, -0.19f},
                        {-0.07f, -0.05f}, {0.13f, -0.14f}, {0.21f, -0.34f}};
constexpr P k9Stem[] = {{0.22f, -0.42f}, {0.17f, 0.05f}, {0.1f, 0.5f}};
constexpr P k9Hook[] = {{0.22f, -0.4f}, {0.22f, 0.0f}, {0.17f, 0.32f}, {0.0f, 0.49f}, {-0.21f, 0.42f}};
constexpr P k9Line[] = {{0.19f, -0.4f},  {0.0f, -0.5f},   {-0.18f, -0.36f}, {-0.17f, -0.13f}, {0.02f, -0.08f},
                        {0.18f, -0.28f}, {0.21f, -0.44f}, {0.18f, -0.15f},  {0.12f, 0.18f},   {0.09f, 0.5f}};
constexpr Stroke k9A[] = {k9Ring, k9Stem}, k9B[] = {k9Ring, k9Hook}, k9C[] = {k9Line};

constexpr DigitStyle kStyles[] = {
    {k0A, 3}, {k0B, 2}, {k0C, 1},            // 0
    {k1A, 5}, {k1B, 2}, {k1C, 1}, {k1D, 2},  // 1
    {k2A, 2}, {k2B, 2}, {k2C, 1},            // 2
    {k3A, 3}, {k3B, 1}, {k3C, 2},            // 3
    {k4A, 3}, {k4B, 1}, {k4C, 2},            // 4
    {k5A, 3}, {k5B, 2}, {k5C, 2},            // 5
    {k6A, 2}, {k6B, 2}, {k6C, 1},            // 6
    {k7A, 3}, {k7B, 2}, {k7C, 2},            // 7
    {k8A, 3}, {k8B, 1}, {k8C, 2},            // 8
    {k9A, 3}, {k9B, 2}, {k9C, 2},            // 9
};
constexpr std::array<int, 11> kFirstStyle = {0, 3, 7, 10, 13, 16, 19, 22, 25, 28, 31};
static_assert(kFirstStyle.back() == static_cast<int>(std::size(kStyles)));

}  // namespace

std::span<const DigitStyle> digit_styles(int digit) {
  const auto first = static_cast<std::size_t>(digit);
  return std::span(kStyles).subspan(static_cast<std::size_t>(kFirstStyle[first]),
                                    static_cast<std::size_t>(kFirstStyle[first + 1] - kFirstStyle[first]));
}

}  // namespace elbo::data
