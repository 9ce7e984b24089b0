#!/usr/bin/env bash
# Counts the copies between host and device in a training step of a CUDA build, on the GPU in software.
#
#     scripts/software-gpu.sh /tmp/software-gpu
#     scripts/step-copies.sh target/debug/ebm /tmp/software-gpu
#
# For several pairs of bounds, prints how often a step copies how many bytes in each direction. Fails if a copy to the host is
# larger than a few numbers per sample, or one to the device larger than that and not the batch of data. A step is half of the
# difference between a run of five steps and one of three.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: scripts/step-copies.sh EBM SOFTWARE_GPU_DIR" >&2; exit 2; }
ebm=$(realpath "$1") gpu=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Wide enough that every array of samples or latents is longer than the numbers per sample of a batch.
batch=16 data=40 latent=20
awk -v rows=300 -v columns=$data 'BEGIN {
  srand(1)
  for (r = 0; r < rows; r++) for (c = 0; c < columns; c++) printf "%.4f%s", rand() + rand() - 1, c + 1 < columns ? "," : "\n"
}' > data.csv
cat > run.toml <<TOML
seed = 0
[data]
kind = "csv"
path = "data.csv"
[generator]
kind = "mlp"
latent = $latent
hidden = [32]
activation = "silu"
noise = 0.1
[energy]
kind = "mlp"
hidden = [32]
activation = "silu"
[lower]
[upper]
[train]
batch = $batch
log_every = 1000
evaluate_every = 1000
[evaluate]
generated = 64
held_out = 64
TOML

failed=0
count() {
  for steps in 3 5; do
    SOFTWARE_GPU_REPORT=report$steps LD_LIBRARY_PATH=$gpu "$ebm" train run.toml "$@" --set train.steps=$steps --run run$steps \
      > log 2>&1 || { cat log >&2; exit 1; }
    rm -rf run$steps
  done
  echo "$*"
  awk -F '\t' -v figures=$((16 * batch)) -v written=$((48 * batch)) -v own=$((4 * batch * data)) '
    FNR == 1 { file++; copies = 0 }
    $1 == "copies" { copies = 1; next }
    copies && NF == 3 { times[$3 "\t" $2] += (file == 2 ? 0.5 : -0.5) * $1 }
    END {
      for (key in times) {
        if (times[key] == 0) continue
        split(key, part, "\t")
        printf "  to the %-6s %6g times %6d bytes\n", part[1], times[key], part[2] | "sort"
        if (part[1] == "host" && part[2] > figures) wrong = 1
        if (part[1] == "device" && part[2] > written && !(part[2] == own && times[key] == 1)) wrong = 1
      }
      close("sort")
      exit wrong
    }' report3 report5 || { echo "  arrays of samples are copied" >&2; failed=1; }
}

count --set 'lower={kind="sv"}' --set 'upper={kind="gp",volume="smallest"}'
count --set 'lower={kind="sv",solver={iterative={steps=3}}}' --set 'upper={kind="gp",volume={iterative={steps=3}},projections=2}'
count --set 'lower={kind="sv",variant="log-det"}' --set 'upper={kind="gp",form="data",projections=0,volume="log-det"}'
count --set 'lower={kind="mi",estimator="barber-agakov"}' --set 'upper={kind="diffusion"}'
count --set 'lower={kind="mi",estimator="jsd"}' --set 'upper={kind="wgan-gp"}'
count --set 'lower={kind="sv"}' --set 'upper={kind="zero-gp"}'
exit $failed
