#!/usr/bin/env bash
# Everything that is measured on one GPU, in pieces of at most 10 minutes that leave small files.
#   benchmarks/gpu.sh                     all pieces that have no file yet; stop it at any time and call it again
#   benchmarks/gpu.sh --train MINUTES     then train EF-GAN on $GPU_DATA (crops.npy, crops.csv, split.csv,
#                                         patch_centers.json of a data set) and leave a grid; call again to go on
# Environment: OUT (default benchmarks/results/gpu), DEVICE (cuda), TOY=1 (tiny networks), METHODS, BATCHES,
# LIMIT (seconds for all pieces together: the next piece does not start after it), GANIMATION_REPLICATE_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD/src:$PWD${PYTHONPATH:+:$PYTHONPATH}"
out=${OUT:-benchmarks/results/gpu}
common=(--out "$out" --device "${DEVICE:-cuda}")
toy=()
[[ -z ${TOY:-} ]] || toy=(--toy)
read -ra methods <<<"${METHODS:-stargan ganimation baseline ef_gan baseline_cascade cascade_ef_gan}"
read -ra batches <<<"${BATCHES:-2 16}"
variants=(plain fast bfloat16)
failed=0

# One piece: a failure (too little memory, a missing feature) is reported and the next piece still runs.
piece() {
    if ((SECONDS > ${LIMIT:-1000000})); then
        echo "time is over: call again for the rest" >&2
        exit 0
    fi
    timeout 600 "${PYTHON:-python3}" -m "$@" || { echo "failed: $*" >&2; failed=1; }
}

if [[ ${1:-} == --train ]]; then
    : "${2:?--train needs minutes}" "${GPU_DATA:?GPU_DATA must name the folder of crops.npy}"
    # Pieces of 8 minutes leave time for loading and saving within 10.
    for ((left = $2; left > 0; left -= 8)); do
        piece benchmarks.gpu_train "${common[@]}" --data "$GPU_DATA" --minutes "$((left < 8 ? left : 8))"
    done
    exit "$failed"
fi

for method in "${methods[@]}"; do
    piece benchmarks.gpu_steps compare "${common[@]}" "${toy[@]}" --method "$method"
    for batch in "${batches[@]}"; do
        for variant in "${variants[@]}"; do
            piece benchmarks.gpu_steps step "${common[@]}" "${toy[@]}" \
                --method "$method" --batch "$batch" --variant "$variant"
        done
    done
done
for batch in "${batches[@]}"; do
    piece benchmarks.gpu_steps peer "${common[@]}" --batch "$batch"
done
rm -f "$out/full.json" # always from the newest steps
piece benchmarks.gpu_steps full "${common[@]}"
exit "$failed"
