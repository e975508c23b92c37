#!/usr/bin/env bash
# Valgrind's memcheck on tiny trainings, files and uses of models. Valgrind tells programs that there is no AVX-512, so that
# the ops take their AVX2 bodies.
#   tests/faults/valgrind.sh [BUILD]    BUILD is build/cpu unless given
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
OMP_NUM_THREADS=1 valgrind --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  --track-fds=yes "${1:-build/cpu}/tests/elbo_threads" "$folder" brief
