"""Rules over a lake, in Spark 4: executors read the files and keep the candidates, then each rule concludes by itself.

>>> import forepost.spark
>>> found = forepost.spark.scan(spark, "/lake/AWSLogs", rules="rules/")
>>> found.problems.show()
>>> found.alerts.select("StartTime", "AlertSeverity", "AlertName").show()
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from . import _files
from ._engine import about
from ._readers import Detector, Reader, describe
from ._results import COLUMNS, KINDS, column
from ._rules import Rules
from ._scan import _detector
from ._tables import Table, context
from ._time import Time, to_iso
from .errors import ForepostError, TrapError

FILES_A_PARTITION = 128
EVENTS_AT_ONCE = 500
# The engine's ticks of 100 ns in a microsecond, which is what Spark's times have; and microseconds from year 1 to 1970.
TICKS = 10
YEAR_1 = 62_135_596_800_000_000
DAY = 864_000_000_000
# A table of candidates: of each event that rules need one row, and of each input one without an event, which says how it was read.
CANDIDATES = "path string, place long, rules array<int>, time string, event binary, account string, build string, question string"
ARROW = pa.schema([
    ("path", pa.string()), ("place", pa.int64()), ("rules", pa.list_(pa.int32())), ("time", pa.string()), ("event", pa.binary()),
    ("account", pa.string()), ("build", pa.string()), ("question", pa.string()),
])
CONCLUDED = ", ".join(f"{name} {KINDS.get(name, 'string')}" for name in (*COLUMNS, "Evidence", "problem")).replace(" bool,", " boolean,")
PROBLEMS = "path string, rule string, offset long, code string, message string"
FAILED = "path string, rule string, code string, message string, runs long, part long"
INPUTS = "path string, status string, reason string, events long, bytes long, first string, last string, untimed long, outside long"

Paths = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]


class Found(NamedTuple):
    """What rules find in a lake."""

    alerts: DataFrame
    """Rows of SecurityAlert, with ``Evidence`` as JSON."""
    problems: DataFrame
    """What was not read, which rules were left out and which failed, with paths. No alert is an answer only if this is empty."""
    inputs: DataFrame
    """Of each input how it was read: ``read``, ``unreadable`` or ``skipped``, and what was in it."""


def scan(spark: SparkSession, paths: Paths, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
         functions: Optional[Rules] = None, evidence: bool = True, workspace: Optional[str] = None, from_: Optional[Time] = None,
         to: Optional[Time] = None) -> Found:
    """Runs rules over files that the executors can open: the alerts of ``forepost.scan``. The candidates stay in Spark's cache."""
    plan = _Plan.of(rules, pack, tables, functions, from_, to)
    return _conclude(spark, _read(spark, paths, plan).persist(), plan, evidence, workspace)


def candidates(spark: SparkSession, paths: Paths, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
               functions: Optional[Rules] = None, from_: Optional[Time] = None, to: Optional[Time] = None) -> DataFrame:
    """The candidates alone, to keep as a table for ``conclude``."""
    return _read(spark, paths, _Plan.of(rules, pack, tables, functions, from_, to))


def candidates_of(files: DataFrame, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
                  functions: Optional[Rules] = None, from_: Optional[Time] = None, to: Optional[Time] = None) -> DataFrame:
    """The same of rows with ``path`` and ``content``, as Spark's ``binaryFile`` has them: where Spark alone may open the files."""
    plan = _Plan.of(rules, pack, tables, functions, from_, to)

    def read(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        for batch in batches:
            for path, content in zip(batch.column("path").to_pylist(), batch.column("content")):
                yield _rows(plan, path, content.as_buffer())

    return files.select("path", "content").mapInArrow(read, CANDIDATES)


def conclude(spark: SparkSession, table: DataFrame, rules: Optional[Rules] = None, *, pack: Optional[str] = None,
             tables: "Sequence[Table]" = (), functions: Optional[Rules] = None, evidence: bool = True, workspace: Optional[str] = None,
             from_: Optional[Time] = None, to: Optional[Time] = None) -> Found:
    """What the rules find, from a table of candidates alone. It must have been made by this build and for these rules; an input or a
    candidate that is in it twice counts once."""
    return _conclude(spark, table, _Plan.of(rules, pack, tables, functions, from_, to), evidence, workspace)


def stream(files: DataFrame, table: str, checkpoint: str, rules: Optional[Rules] = None, *, format: str = "parquet",
           pack: Optional[str] = None, tables: "Sequence[Table]" = (), functions: Optional[Rules] = None, from_: Optional[Time] = None,
           to: Optional[Time] = None) -> Any:
    """Adds the candidates of a stream of files (``spark.readStream.format("binaryFile")``) to a table, batch by batch. Returns the
    DataStreamWriter: ``.trigger(…).start()``. A batch that comes again after a failure changes nothing: ``conclude`` counts a path once."""

    def add(batch: DataFrame, _number: int) -> None:
        candidates_of(batch, rules, pack=pack, tables=tables, functions=functions, from_=from_, to=to).write.format(format).mode("append").save(table)

    return files.select("path", "content").writeStream.foreachBatch(add).option("checkpointLocation", checkpoint)


# ── What all sides must share ────────────────────────────────────────────────────────────────────────────────


class _Plan(NamedTuple):
    """The rules that run, what they refer to, and a name for all of it."""

    files: "List[Dict[str, str]]"
    context: "Dict[str, Any]"
    span: "Tuple[Optional[str], Optional[str]]"
    left_out: "List[Dict[str, Any]]"
    build: str
    schedules: "List[Tuple[int, int, Optional[int]]]"
    """Of each rule, in ticks, its frequency, its period, and how long the parts are whose runs are made apart: as many days as the
    period touches, so that a candidate is in two parts at most. None: all runs are made together."""

    @staticmethod
    def of(rules: Optional[Rules], pack: Optional[str], tables: "Sequence[Table]", functions: Optional[Rules], from_: Optional[Time],
           to: Optional[Time]) -> "_Plan":
        given = context(tables, functions)
        detector, left_out = _detector(rules, pack, False, {"tables": tables, "functions": functions})
        schedules = [
            (it.frequency, it.period, None if it.together or it.frequency % TICKS or it.period % TICKS else -(-it.period // DAY) * DAY)
            for it in detector.schedules()
        ]
        detector.close()
        # What is no rule, such as a hunting query, has no place among those that candidates name.
        files = [file for file in detector._files or json.loads(detector._engine.ask("built_in_rules")) if describe([file])]
        return _Plan(files, given, (to_iso(from_), to_iso(to)), left_out, about()["build"], schedules)

    @property
    def question(self) -> str:
        texts = [[file["text"] for file in self.files], self.context, self.span]
        return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def settings(self) -> "Dict[str, Any]":
        return {"tables": self.context["tables"], "functions": self.context["functions"] or None}


# ── Executors: from files to candidates ──────────────────────────────────────────────────────────────────────

_readers: "Dict[Tuple[int, str], Reader]" = {}


def _reader(plan: _Plan, fresh: bool = False) -> Reader:
    """Rules are compiled once a process."""
    if about()["build"] != plan.build:
        raise ForepostError("FP405", f"the driver has build {plan.build} of Forepost, and this executor {about()['build']}; install one version everywhere")
    key = (os.getpid(), plan.question)
    if fresh or key not in _readers:
        _readers[key] = Reader(plan.files, from_=plan.span[0], to=plan.span[1], **plan.settings)
    return _readers[key]


def _rows(plan: _Plan, path: str, source: Any) -> pa.RecordBatch:
    """The rows of one input, which is bytes or something to open."""
    reader = _reader(plan)
    reader.restart()
    try:
        if callable(source):
            with source() as file:
                while reader.pull(file):
                    pass
        else:
            reader.push(source)
        reader.end_input()
        account: "Dict[str, Any]" = {"status": "read"}
    except OSError as error:
        reader.end_input()
        account = {"status": "unreadable", "reason": _files.reason_of(error, path)}
    except TrapError as error:
        reader = _reader(plan, fresh=True)
        account = {"status": "unreadable", "reason": str(error)}
    account["problems"], account["stats"] = reader.problems(), reader.stats()
    found = reader.candidates()
    n = len(found) + 1
    columns = [
        [path] * n, [*range(len(found)), -1], [*(c.rules for c in found), None], [*(c.time for c in found), None],
        [*(c.event for c in found), None], [*([None] * len(found)), json.dumps(account)], [plan.build] * n, [plan.question] * n,
    ]
    return pa.record_batch([pa.array(values, field.type) for values, field in zip(columns, ARROW)], schema=ARROW)


def _passed_over(plan: _Plan, path: str, status: str, reason: str) -> pa.RecordBatch:
    account = json.dumps({"status": status, "reason": reason, "problems": [], "stats": {}})
    row = [[path], [-1], [None], [None], [None], [account], [plan.build], [plan.question]]
    return pa.record_batch([pa.array(values, field.type) for values, field in zip(row, ARROW)], schema=ARROW)


class _Files(InputPartition):
    def __init__(self, files: "List[str]", others: "List[Tuple[str, str, str]]") -> None:
        self.files = files
        self.others = others  # path, status, reason


class _FileReader(DataSourceReader):
    def __init__(self, paths: "List[str]", plan: _Plan) -> None:
        self._paths = paths
        self._plan = plan

    def partitions(self) -> "Sequence[InputPartition]":
        files: "List[str]" = []
        others: "List[Tuple[str, str, str]]" = []
        for path in self._paths:
            found = _remote(path) if "://" in path else _files.find_logs([path])
            files.extend(found.files)
            others.extend((path, "unreadable", reason) for path, reason in found.failed)
            others.extend((path, "skipped", reason) for path, reason in found.skipped)
        files = list(dict.fromkeys(files))
        # Round robin: neighbours are of one size, so that parts are.
        count = max(1, -(-len(files) // FILES_A_PARTITION), min(len(files), 2 * (os.cpu_count() or 1)))
        return [_Files(files[i::count], others if i == 0 else []) for i in range(count)]

    def read(self, partition: InputPartition) -> "Iterator[pa.RecordBatch]":
        assert isinstance(partition, _Files)
        for path, status, reason in partition.others:
            yield _passed_over(self._plan, path, status, reason)
        for path in partition.files:
            yield _rows(self._plan, path, lambda path=path: _open(path))


class _Candidates(DataSource):
    """Spark's Python data source: it lists on the driver, and the executors open the files."""

    @classmethod
    def name(cls) -> str:
        return "forepost_candidates"

    def schema(self) -> str:
        return CANDIDATES

    def reader(self, schema: Any) -> DataSourceReader:
        plan = json.loads(self.options["plan"])
        return _FileReader(json.loads(self.options["paths"]), _Plan(plan[0], plan[1], tuple(plan[2]), *plan[3:]))


def _read(spark: SparkSession, paths: Paths, plan: _Plan) -> DataFrame:
    spark.dataSource.register(_Candidates)
    listed = [os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    return spark.read.format("forepost_candidates").option("plan", json.dumps(plan)).option("paths", json.dumps(listed)).load()


def _remote(uri: str) -> _files.Found:
    """The files of a store that pyarrow knows (s3://, gs://, abfss://, hdfs://, file://). The names decide: to look into each costs a request."""
    from pyarrow import fs

    found = _files.Found([], [], [])
    try:
        store, path = fs.FileSystem.from_uri(uri)
        scheme = uri.split("://", 1)[0]
        for info in [store.get_file_info(path)]:
            if info.type == fs.FileType.NotFound:
                found.failed.append((uri, "no such file or folder"))
            elif info.type == fs.FileType.File:
                found.files.append(uri)
            else:
                for inner in sorted(store.get_file_info(fs.FileSelector(path, recursive=True)), key=lambda i: i.path):
                    if inner.type == fs.FileType.File:
                        at = f"{scheme}://{inner.path}"
                        if _files.LOG_NAMES.search(at):
                            found.files.append(at)
                        else:
                            found.skipped.append((at, "not the name of a log"))
    except (OSError, pa.ArrowInvalid) as error:
        found.failed.append((uri, str(error)))
    return found


def _open(path: str) -> Any:
    if "://" not in path:
        return open(path, "rb", buffering=0)
    from pyarrow import fs

    store, at = fs.FileSystem.from_uri(path)
    return store.open_input_stream(at, compression=None)


# ── From candidates to alerts ────────────────────────────────────────────────────────────────────────────────


def _conclude(spark: SparkSession, table: DataFrame, plan: _Plan, evidence: bool, workspace: Optional[str]) -> Found:
    once = table.filter(_is_ours(plan)).dropDuplicates(["path", "place"])
    inputs, problems = _accounts(once.filter("account is not null"))
    # The period that was read, for rules that alert when nothing happened: each concludes, though it may have no candidate.
    period = inputs.agg(F.min("first").alias("first"), F.max("last").alias("last"))
    whole = [(number, 0) for number, (_, _, part) in enumerate(plan.schedules) if part is None]
    seeds = spark.createDataFrame(whole, "rule int, part long").crossJoin(period).withColumn("event", F.lit(None).cast("binary"))
    none = F.lit(None).cast("string")
    events = once.filter("event is not null").select(F.explode("rules").alias("rule"), "time", "event")
    events = events.select("rule", F.explode(_parts(plan)).alias("part"), none.alias("first"), none.alias("last"), "event")

    def of_part(key: "Tuple[pa.Scalar, ...]", group: pa.Table) -> pa.Table:
        return _of_part(plan, key[0].as_py(), key[1].as_py(), evidence, workspace, group)

    concluded = seeds.unionByName(events).groupBy("rule", "part").applyInArrow(of_part, CONCLUDED).persist()
    # However many runs of a rule failed, in however many parts, it is one problem, which the first of them describes.
    failed = concluded.filter("problem is not null").select(F.from_json("problem", FAILED).alias("p")).select("p.*")
    failed = failed.groupBy("path", "rule", "code").agg(F.min_by("message", "part").alias("message"), F.sum("runs").alias("runs"))
    failed = failed.select("path", "rule", F.lit(None).cast("long").alias("offset"), "code",
                           F.expr("if(runs > 1, concat(message, ' (', runs, ' runs)'), message)").alias("message"))
    left_out = spark.createDataFrame([(one["file"], one["rule"], None, one["code"], one["message"]) for one in plan.left_out], PROBLEMS)
    alerts = concluded.filter("problem is null").drop("problem")
    return Found(alerts if evidence else alerts.drop("Evidence"), problems.unionByName(failed).unionByName(left_out), inputs)


def _is_ours(plan: _Plan) -> Any:
    """True, or an error: a row that others wrote would be misread, and what they did not look for would be missed."""
    theirs = F.when(F.col("build") != plan.build, F.concat(F.lit("by build "), "build", F.lit(f" of Forepost, and this is build {plan.build}")))
    theirs = theirs.when(F.col("question") != plan.question, F.lit("for other rules, tables, functions or another span"))
    wrong = F.concat(F.lit("FP405: candidates of this table were made "), theirs, F.lit("; make them anew"))
    return F.when(theirs.isNull(), True).otherwise(F.raise_error(wrong).cast("boolean"))


def _parts(plan: _Plan) -> Any:
    """The parts of its rule that need a candidate: those whose runs have it in their windows. As the engine's ``Schedule`` has it."""

    def of(place: int) -> str:
        values = (schedule[place] for schedule in plan.schedules)
        return "get(array(" + ", ".join("cast(null as long)" if value is None else f"{value // TICKS}L" for value in values) + "), rule)"

    at = f"(unix_micros(to_timestamp(time)) + {YEAR_1}L)"
    frequency, period, part = of(0), of(1), of(2)
    first, last = f"({at} - {at} % {frequency} + {frequency})", f"({at} + {period} - ({at} + {period}) % {frequency})"
    # An event whose time cannot be read is in no window, and so in no part.
    return F.expr(f"if({part} is null, array(0L), sequence({first} div {part}, {last} div {part}))")


def _accounts(rows: DataFrame) -> "Tuple[DataFrame, DataFrame]":
    """How each input was read, and what was wrong with it."""
    stats = "events long, bytes long, firstEvent string, lastEvent string, untimed long, outside long"
    problem = "offset long, code string, message string"
    account = F.from_json("account", f"status string, reason string, problems array<struct<{_typed(problem)}>>, stats struct<{_typed(stats)}>")
    read = rows.select("path", account.alias("a"))
    inputs = read.select(
        "path", "a.status", "a.reason", "a.stats.events", "a.stats.bytes", F.col("a.stats.firstEvent").alias("first"),
        F.col("a.stats.lastEvent").alias("last"), "a.stats.untimed", "a.stats.outside",
    )
    none = F.lit(None)
    inside = read.select("path", F.explode("a.problems").alias("p")).select("path", none.cast("string").alias("rule"), "p.offset", "p.code", "p.message")
    unread = inputs.filter("status = 'unreadable'").select(
        "path", none.cast("string").alias("rule"), none.cast("long").alias("offset"), F.lit("unreadable").alias("code"), F.col("reason").alias("message"))
    return inputs, inside.unionByName(unread)


def _typed(columns: str) -> str:
    return ", ".join(column.strip().replace(" ", ":", 1) for column in columns.split(","))


_detectors: "Dict[Tuple[Any, ...], Detector]" = {}


def _detector_of(plan: _Plan, number: int, evidence: bool, workspace: Optional[str]) -> Detector:
    """A rule is compiled once a process."""
    key = (os.getpid(), plan.question, number, evidence, workspace)
    known = _detectors.get(key)
    if known is None or known.lost:
        known = _detectors[key] = Detector(plan.files[number], evidence=evidence, workspace=workspace, empty_tables=True, **plan.settings)
    known.restart()
    return known


def _of_part(plan: _Plan, number: int, part: int, evidence: bool, workspace: Optional[str], group: pa.Table) -> pa.Table:
    """The alerts of some runs of one rule, and its failures."""
    rule, length = plan.files[number], plan.schedules[number][2]
    detector = _detector_of(plan, number, evidence, workspace)
    if length is not None:
        detector.limit_runs(part * length, (part + 1) * length)
    for chunk in group["event"].drop_null().chunks:
        for at in range(0, len(chunk), EVENTS_AT_ONCE):
            detector.push(b"".join(event + b"\n" for event in chunk[at : at + EVENTS_AT_ONCE].to_pylist()))
    detector.end_input()
    detector.problems()  # what is wrong inside events was told where they were read
    first = min((time for time in group["first"].to_pylist() if time), default=None)
    last = max((time for time in group["last"].to_pylist() if time), default=None)
    if first and last:
        detector.observe(first, last)
    detector.finish()
    alerts = detector.alerts()
    failures = [
        {"path": rule["file"], "rule": p.get("rule"), "code": p["code"], "message": p["message"], "runs": p.get("runs", 1), "part": part}
        for p in detector.problems()
    ]
    rows = alerts + [{"problem": json.dumps(failure)} for failure in failures]
    return pa.table({name: column(pa, name, rows) for name in (*COLUMNS, "Evidence", "problem")})
