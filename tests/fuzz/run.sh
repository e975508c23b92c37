#!/usr/bin/env bash
# Builds the fuzz targets (preset fuzz: clang-16, libclang-rt-16-dev, libomp-16-dev) and runs each of them for a time.
#   tests/fuzz/run.sh [SECONDS [TARGET…]]    60 seconds each; all targets
# What it finds is left in build/fuzz/found/TARGET; the inputs that reach new code are kept in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift || true
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "${JOBS:-$(nproc)}"
programs=build/fuzz/tests/fuzz
"$programs/fuzz_seeds" build/fuzz/seeds
[ $# -gt 0 ] || set -- $(cd tests/fuzz/targets && ls *.cpp | sed 's/\.cpp$//')
failed=()
for target in "$@"; do
  mkdir -p "build/fuzz/corpus/$target" "build/fuzz/seeds/$target" "build/fuzz/found/$target"
  known=()
  [ ! -d "tests/fuzz/crashes/$target" ] || known=("tests/fuzz/crashes/$target")
  echo "== $target"
  log=build/fuzz/$target.log
  OMP_NUM_THREADS=1 ELBO_MEMORY_CHECK=67108864 UBSAN_OPTIONS=halt_on_error=1 "$programs/fuzz_$target" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/found/$target/" \
    "build/fuzz/corpus/$target" "build/fuzz/seeds/$target" "${known[@]}" >"$log" 2>&1 ||
    failed+=("$target")
  grep -aE '^stat::(number_of_executed|average_exec)|ERROR|SUMMARY|broken|Test unit' "$log" || true
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}" >&2; exit 1; }
