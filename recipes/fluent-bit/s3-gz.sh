#!/bin/sh
# Prints the events of CloudTrail's .json.gz files, one per line. Needs jq; for s3:// also the AWS CLI.
#   ./s3-gz.sh s3://BUCKET/AWSLogs/ACCOUNT/CloudTrail/REGION/2026/06/17/    ./s3-gz.sh /var/log/AWSLogs
set -eu
case "$1" in
s3://*)
  bucket=$(printf '%s' "${1#s3://}" | cut -d/ -f1)
  aws s3 ls --recursive "$1" | awk '{print $4}' | grep '\.json\.gz$' | while read -r key; do
    aws s3 cp --quiet "s3://$bucket/$key" - | gzip -dc | jq -c '.Records[]'
  done
  ;;
*)
  find "$1" -type f -name '*.json.gz' | sort | while read -r file; do
    gzip -dc "$file" | jq -c '.Records[]'
  done
  ;;
esac
