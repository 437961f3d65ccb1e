"""A lake without Spark: a thousand partitions that come in any order, some twice, some after a failure half-way."""

import random

from conftest import lines, rule, switched_off

import forepost

PARTITIONS = 1000
NAMES = ["PutImageScanningConfiguration", "DeleteTrail", "StopLogging", "DescribeInstances", "GetObject"]
RULES = [
    rule("AWSCloudTrail | where EventName == 'DeleteTrail'", "one", 1),
    rule("AWSCloudTrail | where EventName == 'DeleteTrail' | join kind=inner (AWSCloudTrail | where EventName == 'StopLogging') on UserIdentityUserName", "pair", 2),
    rule("AWSCloudTrail | where EventName == 'NoSuchCall'", "silence", 3).replace("triggerOperator: gt", "triggerOperator: eq"),
    rule("AWSCloudTrail | where EventSource == 'ecr.amazonaws.com' | summarize n = count(), make_set(SourceIpAddress) by UserIdentityUserName | where n > 20", "many", 4),
]


def partitions():
    of = random.Random(11)
    for n in range(PARTITIONS):
        events = [
            switched_off(eventID=f"{n}-{i}", eventName=of.choice(NAMES), eventTime=f"2026-06-{of.randrange(1, 6):02}T{of.randrange(24):02}:{i % 60:02}:00Z",
                         sourceIPAddress=f"203.0.113.{of.randrange(9)}", userIdentity={"type": "IAMUser", "userName": f"user{of.randrange(9)}"})
            for i in range(of.randrange(1, 12))
        ]
        yield f"part-{n:04}", lines(*events) + (b'{"eventName": oops\n' if n % 100 == 7 else b"")


def test_any_order_twice_and_after_failures(quiet):
    parts, of = list(partitions()), random.Random(13)
    whole = forepost.Detector(RULES)
    for _, data in parts:
        whole.push(data)
        whole.end_input()
    problems = len(whole.problems())
    whole.finish()
    want = list(whole.alert_lines())
    assert len(want) >= 20 and problems == 10

    delivered = []
    reader = forepost.Reader(RULES)
    for path, data in parts:
        reader.restart()
        if of.random() < 0.05:  # this attempt fails half-way, and another begins anew
            reader.push(data[: len(data) // 2])
            reader.restart()
        reader.push(data)
        reader.end_input()
        found = [(path, place, candidate) for place, candidate in enumerate(reader.candidates())]
        delivered.append((path, found, reader.stats(), reader.problems()))
        if of.random() < 0.05:
            delivered.append(delivered[-1])
    of.shuffle(delivered)
    assert len(delivered) > PARTITIONS + 20

    once = {(path, place): candidate for path, found, _, _ in delivered for path, place, candidate in found}
    read = {path: (stats, told) for path, _, stats, told in delivered}
    times = [stats[key] for stats, _ in read.values() for key in ("firstEvent", "lastEvent") if stats[key]]
    assert sum(len(told) for _, told in read.values()) == problems
    assert [path for path, (_, told) in sorted(read.items()) if told] == [f"part-{n:04}" for n in range(7, PARTITIONS, 100)]
    alerts = []
    for number, text in enumerate(RULES):
        detector = forepost.Detector(text)
        mine = [candidate.event for candidate in once.values() if number in candidate.rules]
        of.shuffle(mine)
        detector.push(b"\n".join(mine))
        detector.observe(min(times), max(times))
        detector.finish()
        alerts.extend(detector.alert_lines())
    assert alerts == want
