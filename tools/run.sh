#!/usr/bin/env bash
# From a fresh Debian or Ubuntu machine to a trained model: installs missing packages, builds the command (with
# CUDA if nvcc is found) and trains the default recipe on the available device.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh

install_packages $BUILD_PACKAGES

find_nvcc || true
build=build/release
log=$(mktemp)
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DELBO_CUDA=AUTO -DELBO_BUILD_TESTS=OFF \
  -DELBO_BUILD_BENCHMARKS=OFF -DELBO_BUILD_EXAMPLES=OFF >"$log" 2>&1 || { cat "$log"; rm -f "$log"; exit 1; }
rm -f "$log"
cmake --build "$build" --parallel "$(nproc)"

out=runs/digits
for ((n = 2;; n++)); do
  [ -e "$out" ] || break
  out=runs/digits-$n
done
echo
"$build/elbo" train digits --out "$out"

cat <<END

The command is $build/elbo. What to try next:
  $build/elbo eval $out --nll-samples 100       the ELBO's parts and an importance-weighted NLL
  $build/elbo sample $out -n 64 --out new.png   new digits
  $build/elbo train latent-2d                   a two-dimensional latent space
  $build/elbo train mnist-deep --epochs 10      real MNIST (first: $build/elbo data get mnist)
  $build/elbo --help                            everything else
END
