#!/usr/bin/env bash
# Runs weighbridge and its peers over the same files in one go and prints the ratios of issue 3's table.
# Usage: benches/peers.sh [BINARY] [FOLDER]. The folder gets about 8.1 GiB of files, kept for the next run.
# Best of three each; the page cache is warm unless said. The cold row needs root (it drops the page cache).
set -euo pipefail
binary=${1:-target/release/weighbridge}
folder=${2:-/tmp/weighbridge-peers}
cores=$(nproc)
mkdir -p "$folder"/{sixteen,one,small}
for number in $(seq 16); do
    [ -s "$folder/sixteen/$number.bin" ] || head -c $((256 << 20)) /dev/urandom > "$folder/sixteen/$number.bin"
done
[ -s "$folder/one/model.bin" ] || cat "$folder"/sixteen/*.bin > "$folder/one/model.bin"
if [ ! -e "$folder/small/20000" ]; then
    head -c $((20000 * 4096)) /dev/urandom | split -b 4096 -a 5 -d --numeric-suffixes=1 - "$folder/small/"
    touch "$folder/small/20000"
fi

# Seconds of the best of three runs of a shell command.
best() {
    local least=999999 begin end
    for _ in 1 2 3; do
        begin=$(date +%s%N)
        bash -c "$1" > /dev/null
        end=$(date +%s%N)
        (( end - begin < least * 1000 )) && least=$(( (end - begin) / 1000 ))
    done
    awk "BEGIN { print $least / 1e6 }"
}

row() { # name, wanted ratio, peer, ours
    local peer ours
    peer=$(best "$3")
    ours=$(best "$4")
    awk "BEGIN { printf \"%-44s peer %7.3f s  ours %7.3f s  ratio %5.2f  wanted %s\n\", \"$1\", $peer, $ours, $peer / $ours, \"$2\" }"
}

cat "$folder"/*/* > /dev/null
sixteen="ls $folder/sixteen/*.bin | xargs -P$cores -n$(( (16 + cores - 1) / cores )) openssl dgst -sha256"
row '16 x 256 MiB, openssl' 2.5 "$sixteen" "$binary hash $folder/sixteen"
row '16 x 256 MiB, SHA-NI forced' 1.4 "$sixteen" "$binary hash --kernel sha-ni $folder/sixteen"
row 'one file of 4 GiB' 1.0 "openssl dgst -sha256 $folder/one/model.bin" "$binary hash $folder/one/model.bin"
row 'the same in shards of 64 MiB' "2.5 per core" "openssl dgst -sha256 $folder/one/model.bin" \
    "$binary hash --shard-size 67108864 $folder/one/model.bin"
row '20,000 files of 4 KiB, sha256sum' 1.5 "find $folder/small -type f | xargs -P$cores -n1000 sha256sum" \
    "$binary hash $folder/small"
if [ -w /proc/sys/vm/drop_caches ]; then
    cold='sync; echo 3 > /proc/sys/vm/drop_caches;'
    row 'cold, 4 GiB in 16 files, dd bs=4M' 0.95 \
        "$cold for f in $folder/sixteen/*; do dd if=\$f of=/dev/null bs=4M status=none; done" \
        "$cold $binary hash $folder/sixteen"
fi
