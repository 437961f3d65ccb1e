"""What Spark's workers do, without Spark: inputs to rows of candidates, and rows of candidates to alerts."""

from __future__ import annotations

import hashlib
import json
import os
from itertools import groupby
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import pyarrow as pa

from . import _files
from ._engine import ROOM, about
from ._readers import Detector, Of, Reader, describe
from ._results import COLUMNS, column
from ._rules import Rules
from ._scan import _detector
from ._tables import Table, context
from ._time import Time, to_iso
from .errors import ForepostError, TrapError

# A record batch has so many rows or bytes at most, if no input alone has more: each costs Spark as much as a small file.
ROWS_A_BATCH = 10_000
BYTES_A_BATCH = 16 << 20
# The engine's ticks of 100 ns in a microsecond, which is what Spark's times have.
TICKS = 10
DAY = 864_000_000_000
ARROW = pa.schema([
    ("path", pa.string()), ("place", pa.int64()), ("rules", pa.list_(pa.int32())), ("time", pa.string()), ("event", pa.binary()),
    ("account", pa.string()), ("build", pa.string()), ("question", pa.string()),
])


class Plan(NamedTuple):
    """The rules that run, what they refer to, and a name for all of it."""

    files: "List[Dict[str, str]]"
    context: "Dict[str, Any]"
    span: "Tuple[Optional[str], Optional[str]]"
    left_out: "List[Dict[str, Any]]"
    build: str
    question: str
    """Names the rules, what they refer to and the span."""
    schedules: "List[Tuple[int, int, Optional[int]]]"
    """Of each rule, in ticks, its frequency, its period, and how long the parts are whose runs are made apart: as many days as the
    period touches, so that a candidate is in two parts at most. None: all runs are made together."""

    @staticmethod
    def of(rules: Optional[Rules], pack: Optional[str], tables: "Sequence[Table]", functions: Optional[Rules], from_: Optional[Time],
           to: Optional[Time]) -> "Plan":
        given = context(tables, functions)
        detector, left_out = _detector(rules, pack, False, {"tables": tables, "functions": functions})
        schedules = [
            (it.frequency, it.period, None if it.together or it.frequency % TICKS or it.period % TICKS else -(-it.period // DAY) * DAY)
            for it in detector.schedules()
        ]
        detector.close()
        files = detector._files or json.loads(detector._engine.ask("built_in_rules"))
        if len(files) > len(schedules):
            # What is no rule, such as a hunting query, has no place among those that candidates name.
            files = [file for file in files if describe([file])]
        span = (to_iso(from_), to_iso(to))
        asked = json.dumps([[file["text"] for file in files], given, span], sort_keys=True)
        question = hashlib.sha256(asked.encode()).hexdigest()[:32]
        return Plan(files, given, span, left_out, about()["build"], question, schedules)

    @property
    def settings(self) -> "Dict[str, Any]":
        return {"tables": self.context["tables"], "functions": self.context["functions"] or None}


# ── From inputs to candidates ────────────────────────────────────────────────────────────────────────────────

_readers: "Dict[Tuple[int, str, str], Reader]" = {}


def _reader(plan: Plan, fresh: bool = False) -> Reader:
    """Rules are compiled once a process."""
    key = (os.getpid(), plan.build, plan.question)
    if fresh or key not in _readers:
        if about()["build"] != plan.build:
            raise ForepostError("FP405", f"the driver has build {plan.build} of Forepost, and this executor {about()['build']}; install one version everywhere")
        _readers[key] = Reader(plan.files, from_=plan.span[0], to=plan.span[1], **plan.settings)
    return _readers[key]


# Why an input is not read: its status and the reason.
Unread = Tuple[str, str]
NOTHING = Of(b"", b"", b"{}")


def batches_of(plan: Plan, inputs: "Iterable[Tuple[str, Any]]") -> "Iterator[pa.RecordBatch]":
    """The rows of inputs: of each its path, and bytes, something to open, or why it is not read."""
    batch = _Batch(plan)
    for path, source in inputs:
        batch.read(path, source)
        if len(batch.places) >= ROWS_A_BATCH or batch.bytes >= BYTES_A_BATCH:
            yield batch.arrow()
            batch = _Batch(plan)
    if batch.places:
        yield batch.arrow()


class _Batch:
    """Columns that grow."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.bytes = 0
        self.places: "List[int]" = []
        self._paths: "List[str]" = []
        self._rules: "List[Optional[List[int]]]" = []
        self._times: "List[Optional[str]]" = []
        self._events: "List[Optional[bytes]]" = []
        self._accounts: "List[Optional[str]]" = []

    def read(self, path: str, source: Any) -> None:
        """Adds the candidates of an input, and its own row."""
        unread, of = (source, NOTHING) if isinstance(source, tuple) else self._pulled(path, source)
        candidates = of.candidates.split(b"\n")[:-1]
        for line in candidates:
            rules, time, event = line.split(b"\t", 2)
            self._rules.append([int(number) for number in rules.split(b",")])
            self._times.append(time.decode() or None)
            self._events.append(event)
        status, reason = (json.dumps(text).encode() for text in unread or ("read", None))
        account = b'{"status":%b,"reason":%b,"problems":[%b],"stats":%b}' % (status, reason, b",".join(of.problems.splitlines()), of.stats)
        self._rules.append(None)
        self._times.append(None)
        self._events.append(None)
        self.places += [*range(len(candidates)), -1]
        self._paths += [path] * (len(candidates) + 1)
        self._accounts += [*([None] * len(candidates)), account.decode()]
        self.bytes += len(of.candidates) + len(account)

    def _pulled(self, path: str, source: Any) -> "Tuple[Optional[Unread], Of]":
        reader, unread = _reader(self._plan), None
        reader.restart()
        try:
            try:
                if callable(source):
                    with source() as file:
                        while reader.pull(file):
                            pass
                else:
                    reader.push(source)
            except OSError as error:
                unread = ("unreadable", _files.reason_of(error, path))
            return unread, reader.take_input()
        except TrapError as error:
            _reader(self._plan, fresh=True)
            return ("unreadable", str(error)), NOTHING

    def arrow(self) -> pa.RecordBatch:
        columns = [self._paths, self.places, self._rules, self._times, self._events, self._accounts]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, ARROW)]
        return pa.record_batch([*arrays, *(pa.repeat(of, len(self.places)) for of in (self._plan.build, self._plan.question))], schema=ARROW)


# ── From candidates to alerts ────────────────────────────────────────────────────────────────────────────────

_detectors: "Dict[Tuple[Any, ...], Detector]" = {}


def _detector_of(plan: Plan, number: int, evidence: bool, workspace: Optional[str]) -> Detector:
    """A rule is compiled once a process."""
    key = (os.getpid(), plan.question, number, evidence, workspace)
    known = _detectors.get(key)
    if known is None or known.lost:
        known = _detectors[key] = Detector(plan.files[number], evidence=evidence, workspace=workspace, empty_tables=True, **plan.settings)
    known.restart()
    return known


def of_parts(plan: Plan, evidence: bool, workspace: Optional[str], batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """The alerts of parts of rules, and their failures. The rows of a part follow one another."""
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns)))
    for (number, part), of in groupby(rows, lambda row: row[:2]):
        yield from _of_part(plan, _detector_of(plan, number, evidence, workspace), number, part, of)


def _of_part(plan: Plan, detector: Detector, number: int, part: int, rows: "Iterator[Any]") -> "Iterator[pa.RecordBatch]":
    length = plan.schedules[number][2]
    if length is not None:
        detector.limit_runs(part * length, (part + 1) * length)
    last, lines, size = None, [], 0
    for _, _, path, place, first_time, last_time, event in rows:
        if event is None:
            if first_time and last_time:
                detector.observe(first_time, last_time)
        elif (path, place) != last:
            last = (path, place)
            lines.append(event)
            size += len(event)
            if size >= ROOM:
                detector.push(b"\n".join([*lines, b""]))
                lines, size = [], 0
    detector.push(b"\n".join([*lines, b""]))
    detector.end_input()
    detector.problems()  # what is wrong inside events was told where they were read
    detector.finish()
    file = plan.files[number]["file"]
    failures = [
        {"path": file, "rule": p.get("rule"), "code": p["code"], "message": p["message"], "runs": p.get("runs", 1), "part": part}
        for p in detector.problems()
    ]
    if failures:
        yield _concluded([{"problem": json.dumps(failure)} for failure in failures])
    alerts, size = [], 0
    for line in detector.alert_lines():
        alerts.append(_row(line))
        size += len(line)
        if size >= BYTES_A_BATCH:
            yield _concluded(alerts)
            alerts, size = [], 0
    if alerts:
        yield _concluded(alerts)


def _row(alert: bytes) -> "Dict[str, Any]":
    """A row of an alert: its evidence may be megabytes, and stays as it is written. It comes last, and no text has a quotation mark
    without a backslash before it."""
    head, key, evidence = alert.partition(b',"Evidence":')
    return {**json.loads(head + b"}"), "Evidence": evidence[:-1].decode()} if key else json.loads(head)


def _concluded(rows: "List[Dict[str, Any]]") -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: column(pa, name, rows) for name in (*COLUMNS, "Evidence", "problem")})
