#!/bin/sh
# Prints the events of CloudTrail's .json.gz files as they stand, one per line. Needs the command forepost; for s3:// also the AWS CLI.
#   ./s3-gz.sh s3://BUCKET/AWSLogs/ACCOUNT/CloudTrail/REGION/2026/06/17/    ./s3-gz.sh /var/log/AWSLogs
# What cannot be read is said on standard error; the rest is printed all the same, and the exit status is then 1.
set -u
case "$1" in
s3://*)
  bucket=$(printf '%s' "${1#s3://}" | cut -d/ -f1)
  work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
  aws s3 ls --recursive "$1" > "$work/list" || exit 2
  # Behind date, time and size all is the key: it may hold blanks.
  sed -n 's/^[^ ]* *[^ ]* *[0-9]* //; /\.json\.gz$/p' "$work/list" > "$work/keys"
  status=0
  while IFS= read -r key; do
    # Downloaded first: in a pipe, a download that breaks off looks like a shorter file.
    aws s3 cp --quiet "s3://$bucket/$key" "$work/object" < /dev/null && forepost records --quiet - < "$work/object" && continue
    echo "unreadable, or not all of it read: s3://$bucket/$key" >&2
    status=1
  done < "$work/keys"
  exit $status
  ;;
*)
  exec forepost records --quiet "$1"
  ;;
esac
