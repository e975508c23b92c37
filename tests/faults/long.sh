#!/usr/bin/env bash
# The tests of faults and kills for long: by default 500 kills, and 400 failed calls of each kind for each command.
#   tests/faults/long.sh [BUILD [KILLS [FAULTS]]]    BUILD is build/cpu unless given
set -euo pipefail
cd "$(dirname "$0")/../.."
commands=5  # that are killed
ELBO_TEST_KILLS=$(((${2:-500} + commands - 1) / commands)) ELBO_TEST_FAULTS=${3:-400} \
  exec "${1:-build/cpu}/tests/elbo_tests" --gtest_filter='Faults.*:Kills.*'
