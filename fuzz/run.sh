#!/usr/bin/env bash
# fuzz/run.sh SECONDS [TARGET…]: runs the targets, each for so long. What it finds is in target/fuzz/found, and makes
# it fail; what it learns is in target/fuzz/corpus and is not committed.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v "${CXX:-c++}" > /dev/null || { echo 'skipped: fuzzing needs a C++ compiler, with which libFuzzer is built'; exit 0; }
seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(sources json kql rule_yaml patterns filter_abi)

# A run begins with small inputs of ours, every example of a function and every case of an operator.
mkdir -p target/fuzz/{corpus,found}
cp -r fuzz/seeds/. target/fuzz/corpus/
cargo build --locked --example native
target/debug/examples/native functions | node fuzz/seeds.js target/fuzz/corpus

# What libFuzzer sees of a program: which branches it takes and what it compares. The flags are for the engine and the targets, not for
# what runs while they are built, hence the target by name.
host=$(rustc -vV | sed -n 's/^host: //p')
flags='--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters'
flags+=' -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares'
export "CARGO_TARGET_$(tr a-z- A-Z_ <<< "$host")_RUSTFLAGS=$flags"
cargo build --locked --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir target/fuzz-build
built=target/fuzz-build/$host/release

# As many at once as there are processors; each writes its log, and its name into target/fuzz/failed when it found something.
run() {
  local target=$1 dictionary=()
  mkdir -p "target/fuzz/corpus/$target"
  case $target in kql | rule_yaml) dictionary=(-dict=target/fuzz/corpus/kql.dict) ;; esac
  # No input may take 5 seconds or 1 GiB. What is built here counts its branches and checks its sums: it is three to ten times as slow as what ships.
  "$built/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 -verbosity=0 "${dictionary[@]}" \
    -artifact_prefix="target/fuzz/found/$target-" "target/fuzz/corpus/$target" 2> "target/fuzz/$target.log" || echo "$target" >> target/fuzz/failed
  echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "target/fuzz/$target.log") inputs in $seconds s"
}
: > target/fuzz/failed
for target in "${targets[@]}"; do
  [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
  run "$target" &
done
wait
while read -r target; do
  echo "fuzz $target failed:" && tail -40 "target/fuzz/$target.log"
done < target/fuzz/failed
[ ! -s target/fuzz/failed ]
