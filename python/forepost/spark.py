"""Rules over a lake, in Spark 4: executors read the files and keep the candidates, then each rule concludes by itself.

>>> import forepost.spark
>>> found = forepost.spark.scan(spark, "/lake/AWSLogs", rules="rules/")
>>> found.problems.show()
>>> found.alerts.select("StartTime", "AlertSeverity", "AlertName").show()
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from itertools import chain
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from . import _files
from ._lake import TICKS, Plan, Unread, batches_of, of_parts
from ._results import COLUMNS, KINDS
from ._rules import Rules
from ._tables import Table
from ._time import Time

# A partition is as much to read as so many bytes, and to open a file counts as these.
PARTITION = 128 << 20
OPENING = 64 << 10
# Microseconds from year 1 to 1970.
YEAR_1 = 62_135_596_800_000_000
# A table of candidates: of each event that rules need one row, and of each input one without an event, which says how it was read.
CANDIDATES = "path string, place long, rules array<int>, time string, event binary, account string, build string, question string"
CONCLUDED = ", ".join(f"{name} {KINDS.get(name, 'string')}" for name in (*COLUMNS, "Evidence", "problem")).replace(" bool,", " boolean,")
PROBLEMS = "path string, rule string, offset long, code string, message string"
FAILED = "path string, rule string, code string, message string, runs long, part long"

Paths = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]


class Found:
    """What rules find in a lake. Each is planned when it is asked for."""

    def __init__(self, spark: SparkSession, table: DataFrame, plan: Plan, evidence: bool, workspace: Optional[str]) -> None:
        self._spark, self._plan, self._evidence = spark, plan, evidence
        self._accounts = _accounts(table.filter(_is_ours(plan)).filter("account is not null").dropDuplicates(["path"]))
        self._concluded = _conclude(spark, table, self._accounts, plan, evidence, workspace)

    @cached_property
    def alerts(self) -> DataFrame:
        """Rows of SecurityAlert, with ``Evidence`` as JSON."""
        alerts = self._concluded.filter("problem is null").drop("problem")
        return alerts if self._evidence else alerts.drop("Evidence")

    @cached_property
    def problems(self) -> DataFrame:
        """What was not read, which rules were left out and which failed, with paths. No alert is an answer only if this is empty."""
        left_out = [(one["file"], one["rule"], None, one["code"], one["message"]) for one in self._plan.left_out]
        problems = _unread(self._accounts).unionByName(_failed(self._concluded))
        return problems.unionByName(self._spark.createDataFrame(left_out, PROBLEMS)) if left_out else problems

    @cached_property
    def inputs(self) -> DataFrame:
        """Of each input how it was read: ``read``, ``unreadable`` or ``skipped``, and what was in it."""
        return self._accounts.drop("problems")


def scan(spark: SparkSession, paths: Paths, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
         functions: Optional[Rules] = None, evidence: bool = True, workspace: Optional[str] = None, from_: Optional[Time] = None,
         to: Optional[Time] = None) -> Found:
    """Runs rules over files that the executors can open: the alerts of ``forepost.scan``. The candidates stay in Spark's cache."""
    plan = Plan.of(rules, pack, tables, functions, from_, to)
    return Found(spark, _read(spark, paths, plan).persist(), plan, evidence, workspace)


def candidates(spark: SparkSession, paths: Paths, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
               functions: Optional[Rules] = None, from_: Optional[Time] = None, to: Optional[Time] = None) -> DataFrame:
    """The candidates alone, to keep as a table for ``conclude``."""
    return _read(spark, paths, Plan.of(rules, pack, tables, functions, from_, to))


def candidates_of(files: DataFrame, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
                  functions: Optional[Rules] = None, from_: Optional[Time] = None, to: Optional[Time] = None) -> DataFrame:
    """The same of rows with ``path`` and ``content``, as Spark's ``binaryFile`` has them: where Spark alone may open the files."""
    plan = Plan.of(rules, pack, tables, functions, from_, to)

    def read(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        return batches_of(plan, (
            (path, content.as_buffer()) for batch in batches for path, content in zip(batch.column("path").to_pylist(), batch.column("content"))
        ))

    return files.select("path", "content").mapInArrow(read, CANDIDATES)


def conclude(spark: SparkSession, table: DataFrame, rules: Optional[Rules] = None, *, pack: Optional[str] = None,
             tables: "Sequence[Table]" = (), functions: Optional[Rules] = None, evidence: bool = True, workspace: Optional[str] = None,
             from_: Optional[Time] = None, to: Optional[Time] = None) -> Found:
    """What the rules find, from a table of candidates alone. It must have been made by this build and for these rules; an input or a
    candidate that is in it twice counts once."""
    return Found(spark, table, Plan.of(rules, pack, tables, functions, from_, to), evidence, workspace)


def stream(files: DataFrame, table: str, checkpoint: str, rules: Optional[Rules] = None, *, format: str = "parquet",
           pack: Optional[str] = None, tables: "Sequence[Table]" = (), functions: Optional[Rules] = None, from_: Optional[Time] = None,
           to: Optional[Time] = None) -> Any:
    """Adds the candidates of a stream of files (``spark.readStream.format("binaryFile")``) to a table, batch by batch. Returns the
    DataStreamWriter: ``.trigger(…).start()``. A batch that comes again after a failure changes nothing: ``conclude`` counts a path once."""

    def add(batch: DataFrame, _number: int) -> None:
        candidates_of(batch, rules, pack=pack, tables=tables, functions=functions, from_=from_, to=to).write.format(format).mode("append").save(table)

    return files.select("path", "content").writeStream.foreachBatch(add).option("checkpointLocation", checkpoint)


# ── From files to candidates ─────────────────────────────────────────────────────────────────────────────────


class _Files(InputPartition):
    def __init__(self, files: "List[str]", others: "List[Tuple[str, Unread]]") -> None:
        self.files = files
        self.others = others


class _FileReader(DataSourceReader):
    def __init__(self, paths: "List[str]", plan: Plan) -> None:
        self._paths = paths
        self._plan = plan

    def partitions(self) -> "Sequence[InputPartition]":
        sizes: "Dict[str, int]" = {}
        others: "List[Tuple[str, Unread]]" = []
        for path in self._paths:
            found, known = _remote(path) if "://" in path else _local(path)
            sizes.update(known)
            others.extend((path, ("unreadable", reason)) for path, reason in found.failed)
            others.extend((path, ("skipped", reason)) for path, reason in found.skipped)
        work = sum(size + OPENING for size in sizes.values())
        # Round robin: neighbours are of one size, so that parts are.
        count, files = max(1, -(-work // PARTITION), min(len(sizes), 2 * (os.cpu_count() or 1))), list(sizes)
        return [_Files(files[i::count], others if i == 0 else []) for i in range(min(count, max(1, len(files))))]

    def read(self, partition: InputPartition) -> "Iterator[pa.RecordBatch]":
        assert isinstance(partition, _Files)
        opened = ((path, lambda path=path: _open(path)) for path in partition.files)
        return batches_of(self._plan, chain(partition.others, opened))


class _Candidates(DataSource):
    """Spark's Python data source: it lists on the driver, and the executors open the files."""

    @classmethod
    def name(cls) -> str:
        return "forepost_candidates"

    def schema(self) -> str:
        return CANDIDATES

    def reader(self, schema: Any) -> DataSourceReader:
        plan = Plan(*json.loads(self.options["plan"]))
        return _FileReader(json.loads(self.options["paths"]), plan)


def _read(spark: SparkSession, paths: Paths, plan: Plan) -> DataFrame:
    spark.dataSource.register(_Candidates)
    listed = [os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    return spark.read.format("forepost_candidates").option("plan", json.dumps(plan)).option("paths", json.dumps(listed)).load()


def _local(path: str) -> "Tuple[_files.Found, Dict[str, int]]":
    found = _files.find_logs([path])
    return found, {file: _size(file) for file in found.files}


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except OSError:
        return 0  # it is gone: whoever opens it says so


def _remote(uri: str) -> "Tuple[_files.Found, Dict[str, int]]":
    """The files of a store that pyarrow knows (s3://, gs://, abfss://, hdfs://, file://). The names decide: to look into each costs a request."""
    from pyarrow import fs

    found, sizes = _files.Found([], [], []), {}
    try:
        store, path = fs.FileSystem.from_uri(uri)
        scheme = uri.split("://", 1)[0]
        for info in [store.get_file_info(path)]:
            if info.type == fs.FileType.NotFound:
                found.failed.append((uri, "no such file or folder"))
            elif info.type == fs.FileType.File:
                sizes[uri] = info.size or 0
            else:
                for inner in sorted(store.get_file_info(fs.FileSelector(path, recursive=True)), key=lambda i: i.path):
                    if inner.type == fs.FileType.File:
                        at = f"{scheme}://{inner.path}"
                        if _files.LOG_NAMES.search(at):
                            sizes[at] = inner.size or 0
                        else:
                            found.skipped.append((at, "not the name of a log"))
    except (OSError, pa.ArrowInvalid) as error:
        found.failed.append((uri, str(error)))
    return found, sizes


def _open(path: str) -> Any:
    if "://" not in path:
        return open(path, "rb", buffering=0)
    from pyarrow import fs

    store, at = fs.FileSystem.from_uri(path)
    return store.open_input_stream(at, compression=None)


# ── From candidates to alerts ────────────────────────────────────────────────────────────────────────────────


def _conclude(spark: SparkSession, table: DataFrame, accounts: DataFrame, plan: Plan, evidence: bool, workspace: Optional[str]) -> DataFrame:
    """Alerts, and the problems of rules that failed."""
    none = F.lit(None).cast("string")
    # Each row is looked at, also where a file of the table has none with an event: a filter before this could step over it.
    rules = F.when(_is_ours(plan), F.col("rules"))
    events = table.select("path", "place", F.explode(rules).alias("rule"), "time", "event")
    events = events.select("rule", F.explode(_parts(plan)).alias("part"), "path", "place", none.alias("first"), none.alias("last"), "event")
    whole = [(number, 0, None, None) for number, (_, _, part) in enumerate(plan.schedules) if part is None]
    if whole:
        # The period that was read, for rules that alert when nothing happened: each concludes, though it may have no candidate.
        period = accounts.agg(F.min("first").alias("first"), F.max("last").alias("last"))
        seeds = spark.createDataFrame(whole, "rule int, part long, path string, place long").crossJoin(F.broadcast(period))
        events = seeds.withColumn("event", F.lit(None).cast("binary")).unionByName(events)

    def conclude_batches(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        return of_parts(plan, evidence, workspace, batches)

    # A candidate that is there twice follows itself.
    events = events.repartition("rule", "part").sortWithinPartitions("rule", "part", "path", "place")
    return events.mapInArrow(conclude_batches, CONCLUDED).persist()


def _failed(concluded: DataFrame) -> DataFrame:
    """However many runs of a rule failed, in however many parts, it is one problem, which the first of them describes."""
    failed = concluded.filter("problem is not null").select(F.from_json("problem", FAILED).alias("p")).select("p.*")
    failed = failed.groupBy("path", "rule", "code").agg(F.min_by("message", "part").alias("message"), F.sum("runs").alias("runs"))
    return failed.select("path", "rule", F.lit(None).cast("long").alias("offset"), "code",
                         F.expr("if(runs > 1, concat(message, ' (', runs, ' runs)'), message)").alias("message"))


def _is_ours(plan: Plan) -> Any:
    """True, or an error: a row that others wrote would be misread, and what they did not look for would be missed."""
    theirs = F.when(F.col("build") != plan.build, F.concat(F.lit("by build "), "build", F.lit(f" of Forepost, and this is build {plan.build}")))
    theirs = theirs.when(F.col("question") != plan.question, F.lit("for other rules, tables, functions or another span"))
    wrong = F.concat(F.lit("FP405: candidates of this table were made "), theirs, F.lit("; make them anew"))
    return F.when(theirs.isNull(), True).otherwise(F.raise_error(wrong).cast("boolean"))


def _parts(plan: Plan) -> Any:
    """The parts of its rule that need a candidate: those whose runs have it in their windows. As the engine's ``Schedule`` has it."""

    def of(place: int) -> str:
        values = (schedule[place] for schedule in plan.schedules)
        return "get(array(" + ", ".join("cast(null as long)" if value is None else f"{value // TICKS}L" for value in values) + "), rule)"

    at = f"(unix_micros(to_timestamp(time)) + {YEAR_1}L)"
    frequency, period, part = of(0), of(1), of(2)
    first, last = f"({at} - {at} % {frequency} + {frequency})", f"({at} + {period} - ({at} + {period}) % {frequency})"
    # An event whose time cannot be read is in no window, and so in no part.
    return F.expr(f"if({part} is null, array(0L), sequence({first} div {part}, {last} div {part}))")


def _accounts(rows: DataFrame) -> DataFrame:
    """How each input was read, and what was wrong with it."""
    stats = "events long, bytes long, firstEvent string, lastEvent string, untimed long, outside long"
    problem = "offset long, code string, message string"
    account = F.from_json("account", f"status string, reason string, problems array<struct<{_typed(problem)}>>, stats struct<{_typed(stats)}>")
    return rows.select("path", account.alias("a")).select(
        "path", "a.status", "a.reason", "a.stats.events", "a.stats.bytes", F.col("a.stats.firstEvent").alias("first"),
        F.col("a.stats.lastEvent").alias("last"), "a.stats.untimed", "a.stats.outside", "a.problems",
    )


def _unread(accounts: DataFrame) -> DataFrame:
    """What was wrong with inputs, as problems."""
    none = F.lit(None)
    inside = accounts.select("path", F.explode("problems").alias("p")).select("path", none.cast("string").alias("rule"), "p.offset", "p.code", "p.message")
    unread = accounts.filter("status = 'unreadable'").select(
        "path", none.cast("string").alias("rule"), none.cast("long").alias("offset"), F.lit("unreadable").alias("code"), F.col("reason").alias("message"))
    return inside.unionByName(unread)


def _typed(columns: str) -> str:
    return ", ".join(column.strip().replace(" ", ":", 1) for column in columns.split(","))
