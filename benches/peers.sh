#!/usr/bin/env bash
# Runs weighbridge and its peers over the same files in one go and prints ratios: the table of benches/README.md.
# Usage: benches/peers.sh [BINARY] [FOLDER]. The folder gets about 12.2 GiB of files, kept for the next run; at least
# as much memory should be free, or the page cache is not warm. Runs of peer and ours alternate; the best of five each.
# MODEL_SIGNING names Python's model_signing (a row is left out without it). The cold row needs root.
set -euo pipefail
binary=$(realpath "${1:-target/release/weighbridge}")
folder=${2:-/tmp/weighbridge-peers}
signing=${MODEL_SIGNING:-$(command -v model_signing || true)}
runs=${RUNS:-5}
cores=$(nproc)

mkdir -p "$folder"/{sixteen,one,small,model}
for number in $(seq 16); do
    [ -s "$folder/sixteen/$number.bin" ] || head -c $((256 << 20)) /dev/urandom > "$folder/sixteen/$number.bin"
done
[ -s "$folder/one/model.bin" ] || cat "$folder"/sixteen/*.bin > "$folder/one/model.bin"
if [ ! -e "$folder/small/20000" ]; then
    head -c $((20000 * 4096)) /dev/urandom | split -b 4096 -a 5 -d --numeric-suffixes=1 - "$folder/small/"
    touch "$folder/small/20000"
fi
[ -e "$folder/model/16.safetensors" ] || python3 - "$folder/model" <<'PYTHON'
import json, os, sys
# bfloat16 of ordinary sizes: the high byte has sign and exponent.
ordinary = bytes((byte & 0x80) | 0x3c | (byte & 3) for byte in range(256))
for number in range(1, 17):
    header = {f"layer.{number}.{n}": {"dtype": "BF16", "shape": [4096, 4096], "data_offsets": [n << 25, (n + 1) << 25]}
              for n in range(8)}
    header = json.dumps(header).encode()
    with open(f"{sys.argv[1]}/{number}.safetensors", "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for _ in range(8):
            data = bytearray(os.urandom(1 << 25))
            data[1::2] = data[1::2].translate(ordinary)
            file.write(data)
PYTHON
if [ ! -s "$folder/model/model.sig" ]; then
    rm -f "$folder"/key.pem*
    "$binary" key generate "$folder/key.pem" --kind p256 --unencrypted --quiet
    "$binary" sign "$folder/model" --key "$folder/key.pem" --quiet
fi

# Microseconds of one run of a shell command. One that fails has no time worth comparing.
once() {
    local begin end
    begin=$(date +%s%N)
    bash -c "set -o pipefail; $1" > /dev/null 2> "$folder/errors" || { echo "failed: $1" >&2; cat "$folder/errors" >&2; exit 1; }
    end=$(date +%s%N)
    echo $(((end - begin) / 1000))
}

row() { # name, wanted ratio, files to warm up, peer, ours
    local peer=999999999 ours=999999999 time
    [ -z "$3" ] || cat $3 > /dev/null
    for _ in $(seq "$runs"); do
        time=$(once "$4") || exit 1; peer=$((time < peer ? time : peer))
        time=$(once "$5") || exit 1; ours=$((time < ours ? time : ours))
    done
    awk "BEGIN { printf \"| %s | %.3f s | %.3f s | %.2f | %s |\n\", \"$1\", $peer / 1e6, $ours / 1e6, $peer / $ours, \"$2\" }"
}

# The most anonymous memory seen while a command runs, in MiB.
anonymous() {
    local most=0 now process
    "$@" > /dev/null 2>&1 &
    process=$!
    while now=$(awk '/RssAnon/ { print $2 }' "/proc/$process/status" 2> /dev/null); do
        [ -n "$now" ] || break
        most=$((now > most ? now : most))
    done
    wait "$process" || true
    awk "BEGIN { printf \"%.1f\", $most / 1024 }"
}

echo "$(date -u +%F), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $cores cores, $("$binary" --version), $(openssl version | cut -d' ' -f1,2)"
echo
echo '| work | peer | ours | ratio | wanted |'
echo '|---|---|---|---|---|'
# Files that were just written lie in the page cache in pieces as small as the writes; read from disk, as after a
# restart, they lie in large ones, which cost less to map and to copy.
[ ! -w /proc/sys/vm/drop_caches ] || { sync; echo 3 > /proc/sys/vm/drop_caches; }
sixteen="ls $folder/sixteen/*.bin | xargs -P$cores -n$(((16 + cores - 1) / cores)) openssl dgst -sha256"
row '`hash` of 16 × 256 MiB; openssl, a process a core' 2.5 "$folder/sixteen/*" "$sixteen" "$binary hash $folder/sixteen"
row 'the same, SHA-NI forced' 1.4 "$folder/sixteen/*" "$sixteen" "$binary hash --kernel sha-ni $folder/sixteen"
row 'the same, not mapped' – "$folder/sixteen/*" "$sixteen" "$binary hash --no-mmap $folder/sixteen"
row 'the same on one core; openssl on one' – "$folder/sixteen/*" "taskset -c 0 openssl dgst -sha256 $folder/sixteen/*" \
    "taskset -c 0 $binary hash $folder/sixteen"
verify="$binary verify $folder/model --key $folder/key.pem.pub --checks integrity,signature,scan"
[ -z "$signing" ] || row '`verify` of 16 × 256 MiB bf16; model_signing verify key' 2.5 "$folder/model/*" \
    "$signing verify key --signature $folder/model/model.sig --public_key $folder/key.pem.pub $folder/model" "$verify"
[ -z "$signing" ] || row 'the same, mapped' – "$folder/model/*" \
    "$signing verify key --signature $folder/model/model.sig --public_key $folder/key.pem.pub $folder/model" "$verify --mmap"
row '`verify` as above; our own `hash`' '≥ 0.74' "$folder/model/*" "$binary hash $folder/model" "$verify"
row 'one file of 4 GiB; openssl' 1.0 "$folder/one/*" "openssl dgst -sha256 $folder/one/model.bin" "$binary hash $folder/one/model.bin"
row 'the same in 64 MiB shards; openssl, a process a core' 2.5 "$folder/one/*" "$sixteen" "$binary hash --shard-size 67108864 $folder/one/model.bin"
find "$folder/small" -type f -exec cat {} + > /dev/null
row '20,000 files of 4 KiB; sha256sum, a process a core' 1.5 '' "find $folder/small -type f | xargs -P$cores -n1000 sha256sum" "$binary hash $folder/small"
if [ -w /proc/sys/vm/drop_caches ]; then
    cold='sync; echo 3 > /proc/sys/vm/drop_caches'
    files=$(echo "$folder"/sixteen/* "$folder"/model/*.safetensors)
    # The time to drop the cache is not part of the row.
    peer=999999999 ours=999999999
    for _ in 1 2 3; do
        bash -c "$cold"; time=$(once "for f in $files; do dd if=\$f of=/dev/null bs=4M status=none; done"); peer=$((time < peer ? time : peer))
        bash -c "$cold"; time=$(once "$binary hash $files"); ours=$((time < ours ? time : ours))
    done
    awk "BEGIN { printf \"| cold, 8 GiB; dd bs=4M | %.3f s | %.3f s | %.2f | 0.95 |\n\", $peer / 1e6, $ours / 1e6, $peer / $ours }"
fi
echo
mkdir -p "$folder/many"
for copy in 1 2 3 4; do
    for number in $(seq 16); do ln -f "$folder/sixteen/$number.bin" "$folder/many/$copy-$number.bin"; done
done
echo "Anonymous memory: $(anonymous "$binary" hash "$folder/sixteen") MiB for 4 GiB, $(anonymous "$binary" hash "$folder/many") MiB for 16 GiB (wanted: under 96)"
rm -r "$folder/many"
