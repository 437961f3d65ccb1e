"""The lake: Spark's answer against that of scan, over many small files, a corrupt one and a copied one; streams that are cut; tables of others."""

import gzip
import json
import os
import random
import sys
from pathlib import Path

import pytest
from conftest import ROOT, every, rule, silenced, switched_off

import forepost

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
FILES = 2000
NAMES = ["PutImageScanningConfiguration", "DeleteTrail", "ConsoleLogin", "CreateAccessKey", "DescribeInstances", "GetObject", "StopLogging", "AssumeRole"]
SOURCES = ["ecr.amazonaws.com", "cloudtrail.amazonaws.com", "signin.amazonaws.com", "iam.amazonaws.com", "ec2.amazonaws.com", "s3.amazonaws.com",
           "cloudtrail.amazonaws.com", "sts.amazonaws.com"]


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local[2]").appName("forepost").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4").config("spark.driver.memory", "1g").getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Days of an account in many small files; one is cut, one is a copy of another."""
    folder, of = tmp_path_factory.mktemp("lake"), random.Random(7)
    for n in range(FILES):
        events = []
        for i in range(of.randrange(1, 30)):
            kind = of.randrange(len(NAMES)) if of.random() < 0.2 else 4
            who = f"user{of.randrange(20)}"
            events.append(switched_off(
                eventID=f"{n}-{i}", eventName=NAMES[kind], eventSource=SOURCES[kind], sourceIPAddress=f"203.0.113.{of.randrange(250)}",
                eventTime=f"2026-06-{of.randrange(1, 8):02}T{of.randrange(24):02}:{of.randrange(60):02}:00Z",
                userIdentity={"type": "IAMUser", "userName": who, "arn": f"arn:aws:iam::111122223333:user/{who}", "accountId": "111122223333"}))
        path = folder / f"{n % 10}" / f"{n:04}.json.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(json.dumps({"Records": events}).encode(), mtime=0))
    first = (folder / "0" / "0000.json.gz").read_bytes()
    (folder / "copy.json.gz").write_bytes(first)
    (folder / "cut.json.gz").write_bytes((folder / "1" / "0001.json.gz").read_bytes()[:-40])
    (folder / "notes.txt").write_text("nothing")
    return folder


HUNTING = ("id: 00000000-0000-4000-8000-000000000083\nname: hunted\ndescription: d\nrequiredDataConnectors: []\ntactics: [Execution]\nrelevantTechniques: [T1204]\n"
           "query: |\n  AWSCloudTrail | where EventName == 'GetObject'\n")


@pytest.fixture(scope="module")
def rules():
    folder = Path(os.environ.get("FOREPOST_SHARED") or ROOT.parent / "shared") / "rules"
    given = [rule("AWSCloudTrail | where EventName == 'NoSuchCall'", "silence", 77).replace("triggerOperator: gt", "triggerOperator: eq"),
             rule("AWSCloudTrail | where Nope == 1", "broken", 78),
             HUNTING,
             rule("AWSCloudTrail | where EventName == 'DeleteTrail' | join kind=inner (AWSCloudTrail | where EventName == 'StopLogging') on UserIdentityUserName", "pair", 79),
             every("1h", "3h", rule("AWSCloudTrail | where EventName == 'DeleteTrail' | summarize n = count() by UserIdentityUserName", "hours", 80)),
             every("1d", "3d", rule("AWSCloudTrail | where EventName == 'ConsoleLogin' | summarize n = count() by UserIdentityUserName | where n > 5", "days", 81)),
             silenced("5h", every("1h", "1h", rule("AWSCloudTrail | where EventName == 'DeleteTrail'", "silenced", 82)))]
    ours = sorted((ROOT / "rules/aws").glob("*.yaml"))
    ours = [path for path in ours if not path.name.endswith(".test.yaml")]
    return given + ours + (sorted(folder.glob("*.yaml")) if folder.is_dir() else [])


@pytest.fixture(scope="module")
def want(lake, rules):
    with pytest.warns(forepost.IncompleteWarning):
        return forepost.scan(lake, rules)


def as_text(alerts):
    """Alerts as rows have them: the evidence is the very text that the command prints."""
    texts = []
    for line in alerts.to_ndjson().decode().splitlines():
        alert, evidence = json.loads(line), line[line.index(',"Evidence":') + len(',"Evidence":') : -1]
        assert json.loads(evidence) == alert["Evidence"]
        texts.append(json.dumps({**alert, "Evidence": evidence}, sort_keys=True))
    return sorted(texts)


def rows(frame):
    return sorted(json.dumps(row.asDict(), sort_keys=True) for row in frame.collect())


def test_the_lake_is_what_scan_says(spark, lake, rules, want):
    import forepost.spark

    found = forepost.spark.scan(spark, lake, rules)
    assert len(want) > 100 and rows(found.alerts) == as_text(want)
    # What was not read has its path, and rules that cannot run are named.
    problems = found.problems.collect()
    told = want.account["inputs"]["problems"]["first"]
    assert {(p.path, p.code, p.message) for p in problems if p.rule is None} == {(p["path"], p["code"], p["message"]) for p in told}
    assert any(p.path.endswith("cut.json.gz") for p in problems)
    assert [(p.rule, p.code) for p in problems if p.rule] == [(r["rule"], r["code"]) for r in want.account["rules"]["leftOut"]] == [("broken", "KS142")]
    inputs = {i.path: i for i in found.inputs.collect()}
    assert len(inputs) == FILES + 3 and inputs[str(lake / "notes.txt")].status == "skipped"
    assert sum(i.events or 0 for i in inputs.values()) == want.account["events"]["read"]
    # From a table of candidates alone, delivered twice.
    table = str(lake.parent / "candidates")
    for _ in range(2):
        forepost.spark.candidates(spark, lake, rules).write.mode("append").parquet(table)
    again = forepost.spark.conclude(spark, spark.read.parquet(table), rules)
    assert rows(again.alerts) == as_text(want) and again.problems.count() == len(problems)
    # A table of other rules, or of another build, is refused and never misread.
    for wrong in (forepost.spark.conclude(spark, spark.read.parquet(table), rules[:1]),
                  forepost.spark.conclude(spark, spark.read.parquet(table).withColumn("build", pyspark.sql.functions.lit("0" * 16)), rules)):
        with pytest.raises(Exception, match="make them anew"):
            wrong.alerts.collect()


def test_other_ways_in_give_the_same(spark, lake, rules, want):
    import forepost.spark

    part = lake / "3"
    alone = as_text(forepost.scan(part, rules[:1] + rules[2:]))
    runs = rules[:1] + rules[2:]
    uri = forepost.spark.scan(spark, f"file://{part}", runs)
    files = spark.read.format("binaryFile").load(f"{part}/*.gz")
    from_content = forepost.spark.conclude(spark, forepost.spark.candidates_of(files, runs), runs)
    assert rows(uri.alerts) == alone and rows(from_content.alerts) == alone
    gone = forepost.spark.scan(spark, [lake / "gone", "file:///no/such/folder"], runs)
    assert [p.code for p in gone.problems.collect()] == ["unreadable", "unreadable"]
    bare = forepost.spark.scan(spark, part, runs, evidence=False)
    assert "Evidence" not in bare.alerts.columns and bare.alerts.count() == len(alone)


def test_a_stream_that_fails_in_the_middle_goes_on(spark, lake, rules, tmp_path, monkeypatch):
    """Five batches. The third fails after its candidates were written and before that was noted: the stream writes it again."""
    import forepost.spark
    from pyspark.sql.readwriter import DataFrameWriter

    runs, landing, table = rules[:1] + rules[2:], lake / "4", str(tmp_path / "table")
    count, written, save = len(list(landing.glob("*.gz"))), [], DataFrameWriter.save

    def save_and_fail(writer, *args, **options):
        save(writer, *args, **options)
        written.append(args)
        if len(written) == 3:
            raise RuntimeError("the driver is gone")

    monkeypatch.setattr(DataFrameWriter, "save", save_and_fail)

    def start():
        source = spark.readStream.format("binaryFile").schema("path string, modificationTime timestamp, length long, content binary")
        source = source.option("maxFilesPerTrigger", -(-count // 5)).load(str(landing))
        query = forepost.spark.stream(source, table, str(tmp_path / "checkpoint"), runs).trigger(availableNow=True).start()
        query.awaitTermination()

    with pytest.raises(Exception, match="the driver is gone"):
        start()
    begun = forepost.spark.conclude(spark, spark.read.parquet(table), runs)
    assert 0 < begun.inputs.count() < count
    start()
    assert len(written) == 6  # three, the third again, and two
    stored = spark.read.parquet(table)
    assert stored.filter("place = -1").count() > count == stored.filter("place = -1").select("path").distinct().count()
    found = forepost.spark.conclude(spark, stored, runs)
    assert rows(found.alerts) == as_text(forepost.scan(landing, runs))
    ids = [row.SystemAlertId for row in found.alerts.collect()]
    assert len(ids) > 10 and len(set(ids)) == len(ids)
    start()  # nothing new came: nothing is written
    assert len(written) == 6


def test_a_table_of_others_is_refused_though_it_has_no_candidate(spark, lake, tmp_path):
    import forepost.spark

    quiet = [rule("AWSCloudTrail | where EventName == 'NoSuchCall'", "quiet", 90)]
    made = forepost.spark.candidates(spark, lake / "5", quiet)
    assert made.count() == made.filter("event is null").count() > 100
    # Of a file of a table, Spark steps over what it knows to be nothing but nulls.
    made.write.parquet(str(tmp_path / "table"))
    for table in (made, spark.read.parquet(str(tmp_path / "table"))):
        assert forepost.spark.conclude(spark, table, quiet).alerts.count() == 0
        with pytest.raises(Exception, match="make them anew"):
            forepost.spark.conclude(spark, table, [text.replace("NoSuchCall", "DeleteTrail") for text in quiet]).alerts.collect()
