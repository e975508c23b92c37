#!/usr/bin/env bash
# Builds the preset `tsan` (clang-16, libclang-rt-16-dev, libomp-16-dev) and runs its program under the thread sanitizer:
# trainings, models trained at once, one const model in several threads. LLVM's OpenMP tells the sanitizer of its barriers
# by its tool Archer (libarcher.so, of the same package).
#   tests/faults/tsan.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset tsan >/dev/null
cmake --build --preset tsan --parallel "${JOBS:-$(nproc)}"
program=build/tsan/tests/faults/elbo_threads
openmp=$(ldd "$program" | sed -n 's/.*libomp[^ ]* => \([^ ]*\) .*/\1/p')
archer=$(dirname "$(readlink -f "$openmp")")/libarcher.so
[ -e "$archer" ] || { echo "no libarcher.so beside $openmp" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMP_TOOL_LIBRARIES=$archer OMP_NUM_THREADS=${OMP_NUM_THREADS:-4} \
  TSAN_OPTIONS="ignore_noninstrumented_modules=1 exitcode=66 ${TSAN_OPTIONS:-}"
code=0
"$program" "$folder" race >/dev/null 2>&1 || code=$?
[ $code -eq 66 ] || { echo "the sanitizer misses a planted race" >&2; exit 1; }
"$program" "$folder"
echo "no race but the planted one"
