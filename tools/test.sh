#!/usr/bin/env bash
# Installs missing packages, builds and runs every test on the CPU and with the CUDA kernels emulated, and
# compiles all kernels if nvcc is found (and runs the tests on a GPU if there is one). Most objects are the same
# in all of these builds, and ccache compiles them once.
#   tools/test.sh            cpu, emulate and nvcc
#   tools/test.sh PRESET…    those of CMakePresets.json alone: cpu, emulate, asan, cuda
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh

install_packages $BUILD_PACKAGES $TEST_PACKAGES
export CCACHE_BASEDIR=${CCACHE_BASEDIR-$PWD} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR-1}  # the folder does not matter

build_and_test() {
  echo "== $1"
  cmake --preset "$1"
  cmake --build --preset "$1" --parallel "$(nproc)"
  ctest --preset "$1" --parallel "$(nproc)"
}

if [ $# -gt 0 ]; then
  for preset in "$@"; do build_and_test "$preset"; done
  exit
fi

build_and_test cpu
build_and_test emulate
if ! find_nvcc; then
  echo "== cuda: no nvcc here, so the kernels were compiled for the emulation alone"
elif nvidia-smi -L 2>/dev/null | grep -q GPU; then
  build_and_test cuda
else
  echo "== cuda: no GPU here, so the kernels are compiled but not run, and for one architecture alone"
  cmake --preset cuda -DCMAKE_CUDA_ARCHITECTURES=90
  cmake --build --preset cuda --parallel "$(nproc)" --target elbo elbo_command linear_bench
fi
