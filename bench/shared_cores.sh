#!/usr/bin/env bash
# Steps of a training beside other work: the medians of step_bench in turns, alone and with busy processes.
#   bench/shared_cores.sh [-n PROCESSES] [-r ROUNDS] NAME=STEP_BENCH…
# A name that begins with "passive" runs with OMP_WAIT_POLICY=passive, for programs whose threads are OpenMP's.
set -euo pipefail

processes=4 rounds=3
while getopts n:r: option; do
  case $option in
    n) processes=$OPTARG ;;
    r) rounds=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n 2,4p "$0" >&2; exit 2; }

median() {
  local policy=()
  case $1 in passive*) policy=(OMP_WAIT_POLICY=passive) ;; esac
  env "${policy[@]}" "${1#*=}" --device cpu --widths 784 400 400 20 --batch 128 --steps "$2" --repeats 5 --json 2>/dev/null |
    python3 -c 'import json, sys; print("%.2f ms" % (json.load(sys.stdin)["median_us"] / 1000))'
}

turns() {
  for ((round = 1; round <= rounds; ++round)); do
    for program in "$@"; do echo "$where  ${program%%=*}  $(median "$program" "$steps")"; done
  done
}

where="alone" steps=100
turns "$@"
busy=()
trap 'kill "${busy[@]}" 2>/dev/null || true' EXIT
for ((i = 0; i < processes; ++i)); do
  setsid bash -c 'while :; do :; done' &  # a scheduler's group of its own, as another user's work has
  busy+=($!)
done
where="beside $processes busy processes" steps=20
turns "$@"
