#!/usr/bin/env bash
# Builds the GPU in software (tests/software-gpu) and puts its libraries into a directory. With them, a program built for CUDA
# runs without a GPU: slowly, and with every access to memory checked.
#
#     scripts/software-gpu.sh DIR
set -euo pipefail

if [[ $# -ne 1 || $1 == -* ]]; then
    echo "usage: ${0##*/} DIR" >&2
    exit 2
fi
mkdir -p -- "$1"
directory=$(cd -- "$1" && pwd)
crate=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../tests/software-gpu" && pwd)
target=${SOFTWARE_GPU_TARGET:-$crate/target}

cargo build --quiet --release --offline --manifest-path "$crate/Cargo.toml" --target-dir "$target"
"${CC:-cc}" -shared -o "$directory/libsoftware_gpu.so" \
    -Wl,--whole-archive "$target/release/libsoftware_gpu.a" -Wl,--no-whole-archive \
    -Wl,--version-script="$crate/versions.map" -Wl,--gc-sections -lpthread -ldl -lm
for name in libcuda.so.1 libcublas.so.13 libnvrtc.so.13 libnccl.so.2; do
    ln -sf libsoftware_gpu.so "$directory/$name"
done

echo "run programs with"
echo "    LD_LIBRARY_PATH=$directory"
