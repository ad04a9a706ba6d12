#!/usr/bin/env bash
# Frames/s of the `line` preset on a GPU, from JPEG bytes: writes out/bench/gpu.json with the GPU's name. Then the
# three designs at shares of defective frames, ours and the reference's networks: writes out/designs/.
#
#   tests/bench/gpu.sh [--bundle severstal] [--out DIR] ...      see python -m tests.bench.bench_gpu --help
#   tests/bench/gpu.sh designs [--models reference] [--repeats 3] ...  only these; see python -m model bench --help
#
# Runs on a bare machine: it needs torch, torchvision and the repository. PYTHON names the interpreter; WHEELS a
# folder of wheels, of which those are installed that are missing. Without a GPU it says so, marks every row as
# not measured and exits 0. Real frames: COILWATCH_FRAMES; without any it draws synthetic ones.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${PYTHON:-python3}
if [[ -z ${PYTHON:-} && -x .venv/bin/python ]]; then
  python=.venv/bin/python
fi

declare -A distribution=(
  [torch]=torch [torchvision]=torchvision [segmentation_models_pytorch]=segmentation_models_pytorch [timm]=timm
  [safetensors]=safetensors [cv2]=opencv_python_headless [simplejpeg]=simplejpeg [pydantic]=pydantic
)
missing=()
for module in "${!distribution[@]}"; do
  if ! "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$module') is None)"; then
    missing+=("${distribution[$module]}")
  fi
done
if ((${#missing[@]})); then
  if [[ -z ${WHEELS:-} ]]; then
    echo "gpu.sh: $python lacks ${missing[*]}: install them, or name a folder of wheels in WHEELS" >&2
    exit 2
  fi
  "$python" -m pip install --quiet --no-index --no-deps --find-links "$WHEELS" "${missing[@]}"
fi

# `python -m model bench` without what only the command line needs.
designs() {
  local frames=()
  if [[ -n ${COILWATCH_FRAMES:-} ]]; then
    frames=(--frames "$COILWATCH_FRAMES")
  fi
  "$python" -m model.bench --engines torch-cuda "${frames[@]}" "$@"
}

if [[ ${1:-} == designs ]]; then
  designs "${@:2}"
else
  "$python" -m tests.bench.bench_gpu "$@"
  designs
fi
