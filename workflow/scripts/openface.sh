#!/bin/sh
# Run OpenFace's FaceLandmarkImg over one chunk of images, and lose no image to another one.
#
#   sh openface.sh PROGRAM LANDMARK_MODEL_OR_- IMAGES.tar OUT.tar
#
# PROGRAM              path of FaceLandmarkImg, or its name on PATH
# LANDMARK_MODEL_OR_-  its -mloc, relative to the program's folder; -: the program's own
# IMAGES.tar           as `efgan prepare_openface_chunk` writes it: ID.SUFFIX and failed.tsv
# OUT.tar              written whole or not at all: ID.csv, failed.tsv (id, tab, reason), openface.sha256, command.txt,
#                      machine.txt (processor, and OpenBLAS's kernel on it)
#
# Exit status: 0 done (with failed images too), 1 with one sentence on stderr.
# It runs inside OpenFace's container: POSIX sh, GNU tar, coreutils and findutils are all that it needs.
set -u
# OpenBLAS says on stderr which kernel it takes: OpenFace's values depend on it.
export LC_ALL=C OPENBLAS_VERBOSE=2

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Whether a CSV has rows and its last one is whole: OpenFace ends with 0 without a face, and may be killed any time.
is_complete() {
    [ "$(wc -l <"$1")" -ge 2 ] || return 1
    cells=$(head -n 1 "$1" | tr -cd , | wc -c)
    [ "$(tail -n 1 "$1" | tr -cd , | wc -c)" -eq "$cells" ] && [ -z "$(tail -c 1 "$1")" ]
}

# Stop unless a CSV has all columns that -aus and -2Dfp give: OpenFace goes on with status 0 when a model file of an AU is
# absent and leaves its column out without a word, here and in every other chunk.
check_columns() {
    header=,$(head -n 1 "$1" | tr -d ' \r'),
    absent=0 first=''
    for au in 01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26 45; do
        case $header in
            *",AU${au}_r,"*) ;;
            *) absent=$((absent + 1)) first=${first:-$au} ;;
        esac
    done
    [ "$absent" -lt 17 ] || die "$program: writes no AU intensities, although it was asked for them (-aus); expected" \
        "OpenFace 2's FaceLandmarkImg, so name another one in openface.program"
    [ "$absent" -eq 0 ] || die "$program: leaves out AU${first}_r ($absent of 17 columns are missing), probably for want of" \
        "AU_predictors/svr_combined/AU_${first#0}_static_intensity_comb.dat (listed in AU_predictors/AU_all_static.txt);" \
        "restore that file and run again"
    point=0
    while [ "$point" -lt 68 ]; do
        case $header in
            *",x_$point,"*",y_$point,"*) ;;
            *) die "$program: writes no landmark column x_$point or y_$point, although it was asked for 68 points (-2Dfp);" \
                "expected OpenFace 2's FaceLandmarkImg, so name another one in openface.program" ;;
        esac
        point=$((point + 1))
    done
    checked=yes
}

# The images of list $1 that have no CSV among the results.
without_csv() {
    while IFS= read -r image; do
        [ -f "$work/result/${image%.*}.csv" ] || printf '%s\n' "$image"
    done <"$1"
}

# The last line of a file that says something: warnings of OpenCV and the line before the first image do not.
last_line() {
    last=
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            '' | '[ WARN:'* | '[ INFO:'* | 'Core: '* | 'Starting tracking'*) ;;
            *) last=$line ;;
        esac
    done <"$1"
    printf '%s' "${last#"${last%%[! ]*}"}" | tr '\t\r' '  '
}

# What the program said last; an exception goes to stderr, OpenFace's own messages to stdout.
program_message() {
    if [ "$status" -eq 137 ]; then
        printf 'killed, probably for want of memory'
        return
    fi
    message=$(last_line "$batch/stderr")
    [ -n "$message" ] || message=$(last_line "$batch/stdout")
    printf '%s' "${message:-no message}"
}

# A failure that no image can cause: the program does not run, or it says that it has no models.
is_start_up_failure() {
    case $status in 126 | 127) return 0 ;; esac
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            *'Could not load the landmark detector'* | *'no Action Unit models found'*) return 0 ;;
        esac
    done <"$batch/stdout"
    return 1
}

# Its cause: the first file that it misses, else its last words. Without its MTCNN detector OpenFace takes another one.
start_up_cause() {
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            *'face detector location'*) ;;
            *'Could not find'* | *"Couldn't open"* | *"Can't find"*)
                printf '%s' "$line" | tr '\t\r' '  '
                return
                ;;
        esac
    done <"$batch/stdout"
    program_message
}

stop_at_start_up() {
    [ "$status" -ne 137 ] || die "$program: killed on every photograph (status 137), probably for want of memory; give" \
        "the job more of it, or run fewer jobs at a time (--cores)"
    die "$program: OpenFace cannot work on this machine (status $status: $1); see that its model and AU_predictors" \
        "folders are complete beside it, run OpenFace's own download_models.sh, or set openface.landmark_model to" \
        "model/main_clnf_general.txt"
}

# Run the program over the images of list $1 in a fresh folder, where no old CSV can pass for a new one.
# Sets status and batch, and moves complete CSVs to the results.
run_batch() {
    runs=$((runs + 1))
    batch=$work/run$runs
    mkdir -p "$batch/IN" "$batch/OUT" || die "$batch: cannot make this folder; free space in ${TMPDIR:-/tmp}"
    while IFS= read -r image; do
        ln "$work/images/$image" "$batch/IN/$image" || die "$batch: cannot link $image there"
    done <"$1"
    # In the background, because a shell handles signals while it waits, but not while a command runs.
    # shellcheck disable=SC2086 # the flag and its path, or nothing
    (cd "$batch" && exec "$program" -fdir IN -out_dir OUT -aus -2Dfp ${model:+-mloc "$model"}) \
        </dev/null >"$batch/stdout" 2>"$batch/stderr" &
    child=$!
    # The shell would say "Aborted" on stderr, where this script says one sentence or none.
    wait "$child" 2>/dev/null
    status=$?
    child=
    [ "$status" -ne 0 ] || started=yes
    [ -n "$kernel" ] || kernel=$(grep -m 1 '^Core: ' "$batch/stderr")
    while IFS= read -r image; do
        csv=$batch/OUT/${image%.*}.csv
        if [ -f "$csv" ] && is_complete "$csv"; then
            [ -n "$checked" ] || check_columns "$csv"
            mv "$csv" "$work/result/" || die "$work: cannot write there; free space in ${TMPDIR:-/tmp}"
            started=yes
        fi
    done <"$1"
}

condemn() {
    printf '%s\t%s\n' "${1%.*}" "$2" >>"$work/failed"
}

push() {
    top=$((top + 1))
    mv "$1" "$work/todo$top"
}

# A single image without a CSV: nothing can be the matter but itself, unless the program fails on everything alike.
settle_single() {
    image=$(cat "$1")
    if [ "$status" -eq 0 ]; then
        condemn "$image" 'OpenFace found no face'
        return
    fi
    message=$(program_message)
    condemn "$image" "OpenFace failed (status $status, $message)"
    if [ "$message" = "$previous" ]; then alike=$((alike + 1)); else alike=1; fi
    previous=$message
    if [ "$alike" -ge 3 ] && fails_everywhere; then stop_at_start_up "$message"; fi
}

# Whether the program has never worked, and fails in the same way on the last image of every list that is left (three
# bad images may also be side by side at the start of a good chunk) and on a gray picture (a chunk may hold nothing
# but bad images). Only want of memory is not a gray picture's to deny: it needs next to none.
fails_everywhere() {
    place=$top
    while [ -z "$started" ] && [ "$place" -gt 0 ]; do
        tail -n 1 "$work/todo$place" >"$work/part"
        run_batch "$work/part"
        [ "$(program_message)" = "$previous" ] || started=yes
        place=$((place - 1))
    done
    if [ -z "$started" ] && [ "$status" -ne 137 ]; then
        gray_picture >"$work/images/+gray.bmp" # no id has a plus
        printf '%s\n' +gray.bmp >"$work/part"
        run_batch "$work/part"
    fi
    [ -z "$started" ]
}

# A BMP of 128x128 gray pixels: its headers, then three bytes per pixel.
gray_picture() {
    printf 'BM\066\300\0\0\0\0\0\0\066\0\0\0\050\0\0\0\200\0\0\0\200\0\0\0\001\0\030\0\0\0\0\0\0\300\0\0'
    printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    head -c 49152 /dev/zero | tr '\0' '\200'
}

# What to do with the images of list $1 of which list $2 have no CSV after a run.
settle_rest() {
    tried=$(wc -l <"$1")
    left=$(wc -l <"$2")
    if [ "$left" -eq 0 ]; then
        return
    elif [ "$tried" -eq 1 ]; then
        settle_single "$2"
    elif [ "$status" -eq 0 ]; then
        # No face, or skipped without a word: once more, alone.
        while IFS= read -r image; do
            printf '%s\n' "$image" >"$work/part"
            push "$work/part"
        done <"$2"
    elif [ "$left" -lt "$tried" ]; then
        # It stopped at an image, and those after it were never looked at.
        push "$2"
    else
        half=$((left / 2))
        tail -n "+$((half + 1))" "$2" >"$work/part" && push "$work/part"
        head -n "$half" "$2" >"$work/part" && push "$work/part"
    fi
}

# The list of SHA-256 hashes that stands for OpenFace's version, which it does not print.
hash_program() {
    cd "${program%/*}" || return 1
    {
        printf '%s\0' "${program##*/}"
        for folder in model AU_predictors; do
            [ ! -d "$folder" ] || find -L "$folder" -type f -print0
        done
    } | sort -z | xargs -0 sha256sum
}

# Whether a process runs; one that is dead and not yet fetched by its parent does not.
is_alive() {
    kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}

# End this script when the Snakemake dies that started it, as other jobs end (src/cascade_efgan/orchestration/parent_watch.py). It is named
# in EFGAN_WORKFLOW as PID:NAMESPACE, and not watched where a container shows other process numbers.
end_with_workflow() {
    workflow=${EFGAN_WORKFLOW:-}
    [ -n "$workflow" ] && [ "${workflow#*:}" = "$(stat -L -c %i /proc/self/ns/pid 2>/dev/null)" ] || return 0
    (
        trap - EXIT HUP INT TERM
        while is_alive "${workflow%%:*}"; do sleep 1; done
        kill -TERM $$
    ) </dev/null >/dev/null 2>&1 &
    watcher=$!
}

# Remove what a run of this chunk left that was killed together with this script: only one at a time makes a chunk.
remove_leavings() {
    rm -f -- "$beside".*.partial
    [ -f "$beside.work" ] || return 0
    { IFS= read -r host && IFS= read -r left; } <"$beside.work"
    case $host:${left##*/} in "$(uname -n)":efgan-openface.*) rm -rf -- "$left" ;; esac
    rm -f -- "$beside.work"
}

cleanup() {
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    fi
    [ -z "$work" ] || rm -rf "$work"
    [ -z "$partial" ] || rm -f "$partial"
    [ -z "$work" ] || rm -f "$beside.work"
}

[ $# -eq 4 ] || die 'usage: sh openface.sh PROGRAM LANDMARK_MODEL_OR_- IMAGES.tar OUT.tar'
given=$1 model=$2 images=$3 out=$4
[ "$model" != - ] || model=

# The real path: models are looked up beside argv[0], so that neither a bare name nor a symlink would find them.
found=$(command -v "$given") || die "$given: no such program; name FaceLandmarkImg's path in openface.program or" \
    "OPENFACE_BIN, or run OpenFace's container with --software-deployment-method apptainer"
program=$(readlink -f -- "$found")
{ [ -f "$program" ] && [ -x "$program" ]; } ||
    die "$given: not an executable file; name FaceLandmarkImg's path in openface.program or OPENFACE_BIN"
case ${program##*/} in
    FaceLandmarkImg) ;;
    FeatureExtraction | FaceLandmarkVid*)
        die "$given: OpenFace's program for videos, whose AU models calibrate to a person; name FaceLandmarkImg instead" ;;
    *) die "$given: not FaceLandmarkImg, which is OpenFace's program for single images; name its path instead" ;;
esac
[ -f "$images" ] || die "$images: no such file; run the prepare_openface_chunk rule first"

child='' work='' partial='' watcher='' host='' left=''
mkdir -p -- "$(dirname -- "$out")" 2>/dev/null || die "$out: its folder cannot be made; see the permissions above it"
beside=$(dirname -- "$out")/.$(basename -- "$out")
remove_leavings
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
end_with_workflow
work=$(mktemp -d "${TMPDIR:-/tmp}/efgan-openface.XXXXXX") || die "${TMPDIR:-/tmp}: cannot make a folder there; free space or set TMPDIR"
printf '%s\n' "$(uname -n)" "$work" >"$beside.work" || die "$out: nothing can be written beside it; see the permissions there"
mkdir "$work/images" "$work/result"
tar -xf "$images" -C "$work/images" --no-same-owner --no-same-permissions 2>"$work/error" ||
    die "$images: not a tar that can be unpacked ($(tail -n 1 "$work/error")); delete it and run its rule again"
if [ -f "$work/images/failed.tsv" ]; then mv "$work/images/failed.tsv" "$work/failed"; else : >"$work/failed"; fi

top=0 runs=0 started='' checked='' previous='' kernel='' alike=0 status=0
# shellcheck disable=SC2012 # a name is an id and a suffix: letters, digits and . _ - only
ls -A "$work/images" >"$work/part"
[ ! -s "$work/part" ] || push "$work/part"
while [ "$top" -gt 0 ]; do
    mv "$work/todo$top" "$work/list"
    top=$((top - 1))
    run_batch "$work/list"
    if is_start_up_failure; then stop_at_start_up "$(start_up_cause)"; fi
    without_csv "$work/list" >"$work/rest"
    settle_rest "$work/list" "$work/rest"
    rm -rf "$work"/run*
done

sort "$work/failed" >"$work/result/failed.tsv"
(hash_program) >"$work/result/openface.sha256" || die "$program: cannot be read; see its permissions and those of its models"
printf '%s\n' "$program -fdir IN -out_dir OUT -aus -2Dfp${model:+ -mloc $model}" >"$work/result/command.txt"
processor=$(grep -m 1 '^model name' /proc/cpuinfo) || processor=": $(uname -m)"
printf '%s\n' "${processor#*: }" "${kernel#Core: }" >"$work/result/machine.txt"
partial=$beside.$$.partial
# In GNU's own format: another may hold times and process numbers, and so differ from run to run.
(cd "$work/result" && find . -type f -printf '%P\0' | sort -z) >"$work/names"
tar --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 -cf "$partial" \
    -C "$work/result" --no-recursion --null -T "$work/names" || die "$out: cannot be written; free space there"
mv -- "$partial" "$out" || die "$out: cannot be written"
