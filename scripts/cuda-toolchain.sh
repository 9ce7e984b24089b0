#!/usr/bin/env bash
# A CUDA toolkit for building the feature `cuda` on a Linux machine that has neither toolkit nor GPU.
#
#     scripts/cuda-toolchain.sh DIR [CAPABILITY]
#     . DIR/env.sh
#     cargo build --release --features cuda
#
# Fetches NVIDIA's compiler and libraries as Python wheels (1.4 GB on disk), and stands in for what only a machine with a GPU
# has: libcuda.so, to link against, and nvidia-smi, which dfdx's build asks for the GPU's compute capability (CAPABILITY,
# 9.0 unless given: H100 and H200). What is built runs on a machine with that GPU and NVIDIA's driver 580 or newer.
# With DIR there already, what is missing is added. Needs python3 with venv, gcc and cargo.
set -euo pipefail

fail() {
  echo "cuda-toolchain: $*" >&2
  exit 1
}

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  fail "usage: scripts/cuda-toolchain.sh DIR [CAPABILITY]"
fi
capability=${2:-9.0}
[[ $capability =~ ^[0-9]+\.[0-9]$ ]] || fail "CAPABILITY = $capability: expected a compute capability such as 9.0"
for tool in python3 gcc cargo; do
  command -v "$tool" > /dev/null || fail "$tool is not on the PATH"
done
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

# The wheels that hold nvcc, its headers, and the libraries that cudarc links; NCCL is for the feature `nccl`.
wheels=(
  nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 'nvidia-cuda-runtime==13.0.*'
  nvidia-cuda-nvrtc==13.0.88 nvidia-cublas==13.0.2.14 'nvidia-cuda-cccl==13.0.*'
  nvidia-nccl-cu13==2.32.3
)
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv" || fail "python3 cannot make virtual environments (Debian: python3-venv)"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "${wheels[@]}"
wheel=$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nvidia/cu13
[ -x "$wheel/bin/nvcc" ] || fail "the wheels hold no $wheel/bin/nvcc"

# The toolkit as builds look for it: include/ and lib/ below one folder, libraries without a version in their names.
toolkit=$folder/toolkit
mkdir -p "$toolkit/lib" "$folder/bin"
ln -sfn "$wheel/include" "$toolkit/include"
for library in cublas cublasLt nvrtc; do
  found=("$wheel"/lib/lib"$library".so.*)
  [ -e "${found[0]}" ] || fail "the wheels hold no $wheel/lib/lib$library.so"
  ln -sfn "${found[0]}" "$toolkit/lib/lib$library.so"
done

nccl=$(dirname "$wheel")/nccl/lib/libnccl.so.2
[ -e "$nccl" ] || fail "the wheels hold no $nccl"
ln -sfn "$nccl" "$toolkit/lib/libnccl.so"
ln -sfn "$nccl" "$toolkit/lib/libnccl.so.2"

# The driver's library comes with the driver. To link, its names are enough: those that cudarc declares. At run time this one
# says what the driver says where there is no GPU, so that a program built here can be started here.
declarations=$(cd "$root" && cargo metadata --format-version 1 | python3 -c '
import json, pathlib, sys
packages = json.load(sys.stdin)["packages"]
print(next(pathlib.Path(p["manifest_path"]).parent / "src/driver/sys.rs" for p in packages if p["name"] == "cudarc"))')
{
  echo 'int cuGetErrorName(int error, const char **text) { (void)error; *text = "CUDA_ERROR_NO_DEVICE"; return 0; }'
  echo 'int cuGetErrorString(int error, const char **text) { (void)error; *text = "no CUDA-capable device is detected"; return 0; }'
  sed -n '/cuGetError/d; s/^ *pub fn \(cu[A-Za-z0-9_]*\)(.*/int \1(void) { return 100; }/p' "$declarations"
} > "$folder/libcuda.c"
[ "$(wc -l < "$folder/libcuda.c")" -gt 300 ] || fail "$declarations does not declare the driver's functions"
gcc -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$toolkit/lib/libcuda.so" "$folder/libcuda.c"
ln -sfn libcuda.so "$toolkit/lib/libcuda.so.1"

printf '#!/bin/sh\nprintf "compute_cap\\n%s\\n"\n' "$capability" > "$folder/bin/nvidia-smi"
chmod +x "$folder/bin/nvidia-smi"

cat > "$folder/env.sh" << END
export PATH="$folder/bin:$wheel/bin:\$PATH"
export CUDA_PATH="$toolkit"
# For a program started on this machine (it finds no GPU).
export CUDA_TOOLKIT_LIBRARIES="$toolkit/lib:$wheel/lib"
END
"$wheel/bin/nvcc" --version | tail -n 2
echo "ready: . $folder/env.sh && cargo build --release --features cuda"
