#!/usr/bin/env bash
# Instructions of the hot paths, counted by valgrind: the same on a busy machine as on a quiet one. Native code without SIMD,
# so only good to compare with itself before and after a change.
set -eu
cd "$(dirname "$0")/.."
command -v valgrind > /dev/null || { echo "valgrind is not installed"; exit 1; }
cargo build --locked --quiet --release --example native
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node --input-type=module -e '
  import { writeFileSync } from "node:fs";
  import { gzipSync } from "node:zlib";
  import { hit, sampleEvents } from "./benches/sample.mjs";
  const events = sampleEvents(1000);
  const records = `{"Records":[${events.join(",")}]}`;
  const write = (name, data) => writeFileSync(`${process.argv[1]}/${name}`, data);
  write("none.ndjson", "");
  write("events.ndjson", events.join("\n") + "\n");
  write("hits.ndjson", events.map((event, i) => (i % 10 === 9 ? hit(i) : event)).join("\n") + "\n");
  write("records.json", records);
  write("records.json.gz", gzipSync(records));
  // Spelled so that no quick look is sure of it: the long way.
  write("long-way.ndjson", events.map((e) => e.replace("\"awsRegion\"", "\"aws\\u0052egion\"")).join("\n") + "\n");
' "$work"
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/native "$@" 2>&1 > /dev/null |
    sed -n 's/.*Collected : //p'
}
per_event() {
  echo $(( ($(count "${@:2}" "$work/$1") - $(count "${@:2}" "$work/none.ndjson")) / 1000 ))
}
rule=(--rules rules/AWS_ECRImageScanningDisabled.yaml)
start=$(count scan "${rule[@]}" "$work/none.ndjson")
bytes=$(wc -c < "$work/events.ndjson")
echo "start-up, one rule compiled: $start instructions"
for file in events.ndjson records.json records.json.gz long-way.ndjson; do
  echo "$file: $(( ($(count scan "${rule[@]}" "$work/$file") - start) * 100 / bytes )) instructions per 100 bytes"
done
echo "hits.ndjson, every tenth event one of the rule: $(per_event hits.ndjson scan "${rule[@]}") instructions per event"
for query in \
  'AWSCloudTrail | count' \
  'AWSCloudTrail | summarize count() by EventName' \
  'AWSCloudTrail | where isempty(ErrorCode) | summarize n=count(), oldest=min(TimeGenerated), newest=max(TimeGenerated) by UserIdentityArn | top 10 by n'
do
  echo "$query: $(per_event events.ndjson query "$query") instructions per event"
done
