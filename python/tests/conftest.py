"""What the tests share. They run on the built wheel, and compare with the command in dist/npm."""

import json
import os
import subprocess
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "AWSLogs"


def command(*args, stdin=b""):
    """The command of the npm package: its status and output."""
    done = subprocess.run(["node", str(ROOT / "dist/npm/cli.js"), *map(str, args)], input=stdin, capture_output=True, cwd=ROOT)
    return done.returncode, done.stdout


@pytest.fixture
def shared():
    """Other people's rules and events, where they are: read, never copied."""
    folder = Path(os.environ.get("FOREPOST_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("other people's rules and events are not here (FOREPOST_SHARED)")
    return folder


@pytest.fixture
def quiet():
    """For tests whose inputs are incomplete on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def switched_off(**overrides):
    """An event that the engine's own rule must find, of our own making."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333",
                         "userName": "ana"},
        "eventTime": "2026-06-17T10:00:00Z", "eventSource": "ecr.amazonaws.com", "eventName": "PutImageScanningConfiguration",
        "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.5", "userAgent": "aws-cli/2",
        "requestParameters": {"repositoryName": "team/ape", "imageScanningConfiguration": {"scanOnPush": False}},
        "responseElements": None, "requestID": "0a", "eventID": "8c1c3f10-0000-4000-8000-000000000001", "readOnly": False,
        "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": "111122223333", **overrides,
    }


def lines(*events):
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def rule(query, name="ours", n=1):
    body = "".join(f"  {line}\n" for line in query.split("\n"))
    return (
        f"id: 00000000-0000-4000-8000-0000000000{n:02}\nname: {name}\ndescription: d\nseverity: Low\nkind: Scheduled\nversion: 1.0.0\n"
        f"requiredDataConnectors: []\nqueryFrequency: 1d\nqueryPeriod: 1d\ntriggerOperator: gt\ntriggerThreshold: 0\nquery: |\n{body}"
    )


def every(frequency, period, text):
    """A rule that runs at other times."""
    return text.replace("queryFrequency: 1d", f"queryFrequency: {frequency}").replace("queryPeriod: 1d", f"queryPeriod: {period}")


def silenced(duration, text):
    """A rule that an alert silences for some time."""
    return text.replace("query: |", f"suppressionEnabled: true\nsuppressionDuration: {duration}\nquery: |")
