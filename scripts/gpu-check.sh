#!/usr/bin/env bash
# Checks and times ebm on a machine with an NVIDIA GPU, and times the same training steps in PyTorch on the same card.
set -uo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/gpu-check.sh [--out DIR] [--seconds S] [--python PYTHON]

Builds with the feature cuda (release), runs `ebm selftest` and `ebm bench`, then, where a Python with PyTorch
for CUDA is found, benches/peers/toy_step.py and dcgan_step.py on the same card, and prints the ratios. All
output goes to DIR. It ends within 8 minutes: what is left of them is the limit of each step.

  --out DIR        folder for everything that is written, new or empty [default: gpu-check-DATE]
  --seconds S      training time a problem of `ebm bench`, a whole number from 1 to 60 [default: 5]
  --python PYTHON  the Python to look for PyTorch in [default: python3]

Exit codes: 0 all went well, 2 wrong arguments, 3 something is missing here, 4 the build failed, 10 the
selftest missed a figure, 1 anything else.
TEXT
}

fail() {
  local code=$1
  shift
  printf 'gpu-check: %s\n' "$*" >&2
  exit "$code"
}

out="gpu-check-$(date +%Y%m%d-%H%M%S)" seconds=5 python=python3
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --out | --seconds | --python)
      [ $# -ge 2 ] || fail 2 "$1 needs a value; see --help"
      case $1 in
        --out) out=$2 ;;
        --seconds) seconds=$2 ;;
        --python) python=$2 ;;
      esac
      shift 2
      ;;
    *) fail 2 "unknown argument $1; see --help" ;;
  esac
done
if ! [[ $seconds =~ ^[1-9][0-9]?$ ]] || [ "$seconds" -gt 60 ]; then
  fail 2 "--seconds $seconds: expected a whole number from 1 to 60"
fi
[ -n "$out" ] || fail 2 '--out: expected the name of a folder'
if [ -e "$out" ] && { [ ! -d "$out" ] || [ -n "$(ls -A "$out")" ]; }; then
  fail 2 "--out $out: expected a folder that is new or empty"
fi

# The toolkit installs itself beside the usual folders.
toolkit="${CUDA_HOME:-${CUDA_PATH:-/usr/local/cuda}}"
if ! command -v nvcc >/dev/null && [ -x "$toolkit/bin/nvcc" ]; then
  PATH="$toolkit/bin:$PATH"
fi
command -v nvidia-smi >/dev/null || fail 3 'nvidia-smi is not on PATH: is the driver of an NVIDIA GPU installed here?'
command -v nvcc >/dev/null ||
  fail 3 "nvcc is neither on PATH nor in $toolkit/bin: install the CUDA toolkit, or set CUDA_HOME to its folder"
command -v cargo >/dev/null || fail 3 'cargo is not on PATH: install Rust 1.95 or newer'
card=$(nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader 2>&1) ||
  fail 3 "nvidia-smi finds no GPU: $card"

mkdir -p "$out" || fail 1 "$out: the folder cannot be made"
out=$(cd "$out" && pwd) || fail 1 "the folder for the output cannot be entered"
cd "$(dirname "${BASH_SOURCE[0]}")/.." || fail 1 'the repository is not where this script is'
summary="$out/summary.txt"
failed=0

say() { printf '%s\n' "$*" | tee -a "$summary"; }

# Runs a command within what is left of the eight minutes; its output goes to a file and, by `tail`, to the terminal.
step() {
  local name=$1 left=$((470 - SECONDS)) started=$SECONDS status=0
  shift
  if [ "$left" -lt 5 ]; then
    say "$name: left out, no time is left"
    return 124
  fi
  timeout "$left" "$@" >"$out/$name.txt" 2>&1 || status=$?
  say "$name: exit code $status, $((SECONDS - started)) s ($out/$name.txt)"
  return "$status"
}

{
  nvidia-smi
  nvcc --version
  cargo --version
  uname -a
} >"$out/machine.txt" 2>&1
say "$card; $(nvcc --version | tail -n 1)"

if ! step build cargo build --release -p ebm-cli --features cuda; then
  tail -n 30 "$out/build.txt"
  fail 4 "the build failed; all it said is in $out/build.txt"
fi
ebm=${CARGO_TARGET_DIR:-target}/release/ebm

step selftest "$ebm" selftest || failed=$?
grep -E '^MISSED: | passed, ' "$out/selftest.txt" | tee -a "$summary"
step selftest-json "$ebm" selftest --json || true
mv "$out/selftest-json.txt" "$out/selftest.json" 2>/dev/null

if step bench "$ebm" bench --seconds "$seconds" --json "$out/bench.json"; then
  cat "$out/bench.txt"
else
  tail -n 5 "$out/bench.txt"
  [ "$failed" -ne 0 ] || failed=1
fi

if ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' >/dev/null 2>&1; then
  say "no PyTorch for CUDA in $python: nothing to compare with (--python names another)"
  say "everything is in $out"
  exit "$failed"
fi
peer() {
  local name=$1 script=$2
  shift 2
  step "$name" "$python" -W ignore "benches/peers/$script" --device cuda --json "$out/$name.json" "$@"
}
peer peer-toy toy_step.py --threads 1 --blocks 5 --length 50 --warm-up 50
peer peer-dcgan dcgan_step.py --repeats 10
peer peer-dcgan-channels-last dcgan_step.py --repeats 10 --channels-last
peer peer-dcgan-tf32 dcgan_step.py --repeats 10 --channels-last --tf32

"$python" - "$out" <<'PYTHON' | tee -a "$summary"
import json, os, sys

def read(name):
    path = os.path.join(sys.argv[1], name + ".json")
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None

bench = read("bench")
ours = {problem["problem"]: problem for problem in bench["problems"]} if bench else {}

def compare(problem, what, theirs):
    if problem in ours and theirs:
        rate = ours[problem]["steps_per_second"]
        print(f"{problem}: ebm {rate:.2f} steps/s, {what} {theirs:.2f} steps/s: {rate / theirs:.2f} times")

toy = read("peer-toy")
if toy:
    fastest = toy["fastest"]
    compare("25-gaussians sv+gp", f"PyTorch ({fastest['method']})", fastest["steps_per_second"])
for name, what in [("peer-dcgan", "PyTorch"), ("peer-dcgan-channels-last", "PyTorch, channels last"),
                   ("peer-dcgan-tf32", "PyTorch, channels last, TF32")]:
    found = read(name)
    if found:
        compare("cifar-10 dcgan sv+gp", what, 1.0 / found["results"]["step"]["median"])
PYTHON
say "everything is in $out"
exit "$failed"
