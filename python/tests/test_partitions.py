"""A lake without Spark: a thousand partitions that come in any order, some twice, some after a failure half-way."""

import random

from conftest import every, lines, rule, silenced, switched_off

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


DAY = 864_000_000_000


BY_DAY = RULES + [
    every("1h", "3h", rule("AWSCloudTrail | where EventName == 'DeleteTrail' | summarize n = count() by UserIdentityUserName | where n > 1", "hourly", 5)),
    every("1d", "3d", rule("AWSCloudTrail | where EventName == 'DeleteTrail' | summarize n = count() by UserIdentityUserName | where n > 9", "days", 6)),
    every("5h", "7h", rule("AWSCloudTrail | where EventName == 'StopLogging' | extend at = now()", "across midnight", 7)),
    rule("AWSCloudTrail | where EventName == 'StopLogging'", "nrt", 8).replace("Scheduled", "NRT").replace("queryFrequency: 1d\nqueryPeriod: 1d\n", "")
    .replace("triggerOperator: gt\ntriggerThreshold: 0\n", ""),
    silenced("5h", every("1h", "1h", rule("AWSCloudTrail | where EventName == 'DeleteTrail'", "suppressed", 9))),
]


def in_days(text, number, schedule, found, period):
    """The alerts of a rule whose runs are made day by day, the last day first, each from the candidates of its own windows."""
    detector, frequency, days = forepost.Detector(text, empty_tables=True), schedule.frequency, {}
    for candidate in (it for it in found if it.time is not None and number in it.rules):
        at = forepost._time.to_ticks(candidate.time)
        first, last = at - at % frequency + frequency, (at + schedule.period) - (at + schedule.period) % frequency
        for day in range(first // DAY, last // DAY + 1):
            days.setdefault(day, []).append(candidate.event)
    alerts = []
    for day, events in sorted(days.items(), reverse=True):
        detector.restart()
        detector.limit_runs(day * DAY, (day + 1) * DAY)
        detector.push(b"\n".join(events))
        detector.observe(*period)
        detector.finish()
        alerts[:0] = detector.alert_lines()
    return alerts


def concluded(rules, reader, period):
    """The alerts of all rules, and those of the rules whose runs are made apart if they are made day by day."""
    found, whole, parted = reader.candidates(), [], []
    for number, (text, schedule) in enumerate(zip(rules, reader.schedules())):
        detector = forepost.Detector(text, empty_tables=True)
        detector.push(b"\n".join(candidate.event for candidate in found if number in candidate.rules))
        detector.observe(*period)
        detector.finish()
        alone = list(detector.alert_lines())
        whole.append((schedule.together, alone))
        parted.append(in_days(text, number, schedule, found, period))
    return whole, parted


def test_days_conclude_apart_where_a_run_needs_its_window_alone(quiet):
    reader = forepost.Reader(BY_DAY)
    for _, data in partitions():
        reader.push(data)
        reader.end_input()
    stats = reader.stats()
    whole, parted = concluded(BY_DAY, reader, (stats["firstEvent"], stats["lastEvent"]))
    assert [together for together, _ in whole] == [None, None, "trigger", None, None, None, None, None, "suppression"]
    for (together, alone), parts in zip(whole, parted):
        assert len(alone) > 0 and (alone == parts) == (together is None)
    # A table that is given has rows of its own days, on which there may be no candidate.
    timed = {"name": "AWSGuardDuty", "data": [{"TimeGenerated": "2026-06-01T00:00:00Z", "Severity": 8}]}
    joined = rule("union (AWSCloudTrail | where EventName == 'DeleteTrail'), AWSGuardDuty", "joined", 10)
    assert [it.together for it in forepost.Reader([joined, RULES[0]], tables=[timed]).schedules()] == ["table", None]


def test_days_of_other_peoples_rules(quiet, shared):
    """All of Microsoft's shared rules and the pack, over real events."""
    built_in = [it["text"] for it in forepost._rules._pack("aws")]
    rules = [path.read_text() for path in sorted((shared / "rules").glob("*.yaml"))] + built_in
    reader = forepost.Reader(rules)
    with open(shared / "cloudtrail" / "real_unique.ndjson.gz", "rb") as file:
        while reader.pull(file):
            pass
    reader.end_input()
    stats = reader.stats()
    whole, parted = concluded(rules, reader, (stats["firstEvent"], stats["lastEvent"]))
    apart = [(alone, parts) for (together, alone), parts in zip(whole, parted) if together is None]
    assert len(apart) > 80 and sum(len(alone) > 0 for alone, _ in apart) > 10
    assert all(alone == parts for alone, parts in apart)
