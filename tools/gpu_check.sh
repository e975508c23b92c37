#!/usr/bin/env bash
# Checks and measures elbo on this machine's GPU, from a source tree or a bundle (tools/bundle.sh), and writes one report
# to bench/results/DEVICE-DATE or --out. The first half, at most 150 s, ends at the first failure: tests of kernels, the step of
# batch 128, ncu, compute-sanitizer. The second, at most 300 s: larger steps, products, training, peers. --help has the options.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

device=cuda build=""
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build needs a folder}; shift ;;
    --device) device=${2:?--device needs cuda or cpu}; arguments+=(--device "$device"); shift ;;
    --device=*) device=${1#*=}; arguments+=("$1") ;;
    -h | --help)
      python3 "$root/tools/gpu_check" --root "$root" --build . --help
      echo "  --build FOLDER     in a source tree: use this build as it is (default: build/cuda or build/cpu, built first)"
      exit ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

command -v python3 >/dev/null || { echo "gpu_check.sh: it needs python3 (nothing but its standard library)" >&2; exit 1; }
if [ "$device" = cuda ] && ! nvidia-smi -L 2>/dev/null | grep -q GPU; then
  echo "gpu_check.sh: no GPU with a working driver on this machine (nvidia-smi shows none); --device cpu rehearses" >&2
  exit 1
fi

if [ ! -e "$root/bundle.json" ] && [ -z "$build" ]; then
  build=$root/build/$device
  . "$root/tools/packages.sh"
  find_nvcc || [ "$device" = cpu ] ||
    { echo "gpu_check.sh: no nvcc to build with: make a bundle (tools/bundle.sh) on a machine that has one" >&2; exit 1; }
  (cd "$root" && cmake --preset "$device" && cmake --build "$build" --parallel "${JOBS:-$(nproc)}") || exit 1
fi

# Adds the CUDA libraries if the loader does not find them by itself.
if [ "$device" = cuda ]; then
  found=$(cd "$root/tools/gpu_check" && python3 -c 'import machine; print(":".join(machine.cuda_library_folders()))')
  export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$found
fi
exec python3 "$root/tools/gpu_check" --root "$root" --build "${build:-$root}" "${arguments[@]}"
