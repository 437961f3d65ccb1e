"""What lives in the engine and takes bytes: Detector, Reader and Query."""

from __future__ import annotations

import json
import time as clock
from datetime import datetime, timezone
from typing import Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Sequence, Union

from . import _engine
from ._account import Account, Tally
from ._engine import ROOM, Refused
from ._results import QueryResult
from ._rules import Rules, in_characters, located, rule_files
from ._tables import Table, context
from ._time import Time, to_iso, to_ticks
from .errors import Finding, ForepostError, LimitError, QueryError, RuleError

# Too long, too deep, too many parts; and Kusto's own two for a run that grew too large.
LIMIT_CODES = {"FP001", "FP002", "FP003", "E_RUNAWAY_QUERY", "E_QUERY_RESULT_SET_TOO_LARGE"}
UNIX_EPOCH = 621_355_968_000_000_000

Data = Union[bytes, bytearray, memoryview, str]


class _Reader:
    """A number in the engine, behind which something reads inputs."""

    def __init__(self, make: str, options: "Dict[str, Any]") -> None:
        self._number: Optional[int] = None
        self._engine = _engine.engine()
        self._number = self._engine.make(make, {key: value for key, value in options.items() if value is not None})
        self._inputs = 1
        self._pushed = False
        self._tally = Tally()
        self._waiting: "List[Dict[str, Any]]" = []

    def _ask(self, name: str, *args: int) -> bytes:
        if self._number is None:
            raise ForepostError("disposed", f"This {type(self).__name__} was closed.")
        try:
            return self._engine.ask(name, self._number, *args)
        except Refused as refused:
            first = refused.findings[0]
            raise ForepostError(first["code"], first["message"]) from None

    def push(self, data: Data) -> None:
        """Reads bytes of the current input, cut anywhere. Compression and format show in the content."""
        view = memoryview(data.encode() if isinstance(data, str) else data).cast("B")
        for at in range(0, len(view), ROOM):
            part = view[at : at + ROOM]
            with self._engine.lock:
                self._alive()
                self._engine.room()[: len(part)] = part
                self._push(len(part))

    def pull(self, file: BinaryIO) -> int:
        """Reads the next bytes of a file, straight into the engine's memory; how many, 0 at its end."""
        with self._engine.lock:
            self._alive()
            length: int = file.readinto(self._engine.room())  # type: ignore[attr-defined]
            if length:
                self._push(length)
            return length

    @property
    def lost(self) -> bool:
        """Whether the engine failed that this belongs to: make a new one."""
        return self._engine.lost

    def _alive(self) -> None:
        if self._number is None:
            raise ForepostError("disposed", f"This {type(self).__name__} was closed.")
        if self._engine.lost:
            self._engine.call("abi_version")  # says so

    def _push(self, length: int) -> None:
        self._pushed = True
        self._engine.push(self._number, length)  # type: ignore[arg-type]

    def end_input(self) -> None:
        """Ends the current input; the next bytes begin another."""
        self._ask("end_input")
        self._note(f"input {self._inputs}")
        self._tally.found = self._tally.read = self._inputs
        self._inputs += 1
        self._pushed = False

    def problems(self) -> "List[Dict[str, Any]]":
        """What could not be read or run since the last call. After each ``end_input()``, because offsets refer to that input."""
        self._note(f"input {max(1, self._inputs - (not self._pushed))}")
        problems, self._waiting = self._waiting, []
        return problems

    def _note(self, name: str) -> None:
        text = self._ask("take_problems")
        for line in text.splitlines() if text else ():
            problem = json.loads(line)
            self._waiting.append(problem)
            self._tally.report(name, problem)

    def stats(self) -> "Dict[str, Any]":
        """Counts of everything read so far."""
        return json.loads(self._ask("stats"))

    def account(self) -> Account:
        """What was read so far, what was not, and which rules failed: look at it before you believe that there are no alerts."""
        self._note(f"input {max(1, self._inputs - (not self._pushed))}")
        if self._pushed:
            self._tally.found = self._tally.read = self._inputs
        self._tally.stats = self.stats()
        return self._tally.account()

    def close(self) -> None:
        """Gives the engine's memory back now instead of some time later."""
        number, self._number = self._number, None
        if number is not None and not self._engine.lost:
            self._engine.forget(number)

    def __del__(self) -> None:
        if getattr(self, "_number", None) is not None:
            self.close()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Schedule(NamedTuple):
    """When a rule runs: at each multiple of ``frequency`` since year 1, over the events of the ``period`` before; in ticks of 100 ns."""

    frequency: int
    period: int
    together: Optional[str]
    """Why its runs must be made together, if they must: ``suppression``, ``trigger`` (it alerts when nothing happened) or ``table`` (rows
    of a table that was given have times). Otherwise a run needs the events of its window alone, and whoever has them can make it."""


class _Rules(_Reader):
    """A reader with rules."""

    def __init__(self, make: str, rules: Optional[Rules], pack: Optional[str], tables: "Sequence[Table]", functions: Optional[Rules],
                 options: "Dict[str, Any]") -> None:
        files, left_out = rule_files(rules, pack)
        if left_out:
            raise ForepostError("bad-argument", f"{left_out[0]['file']}: {left_out[0]['message']}")
        self._files = files
        try:
            super().__init__(make, {"rules": files, **context(tables, functions), **options})
        except Refused as refused:
            raise refusal(refused.findings, files) from None

    @property
    def warnings(self) -> "List[Finding]":
        """What is odd about the rules, which still run."""
        return located(json.loads(self._ask("warnings")), self._files)

    @property
    def rule_names(self) -> "List[Optional[str]]":
        """The names of the rules that run, in their order: candidates carry their places."""
        return [rule["name"] for rule in describe(self._files)]

    def schedules(self) -> "List[Schedule]":
        """Of each rule when it runs, and whether its runs can be made apart."""
        return [Schedule(**one) for one in json.loads(self._ask("schedules"))]

    def restart(self) -> None:
        """Forgets all that was read and found, and begins anew with the same rules."""
        self._ask("restart")
        self._inputs, self._pushed, self._tally, self._waiting = 1, False, Tally(), []


class Detector(_Rules):
    """Runs rules over events: bytes go in, alerts come out. Schedules follow event time, not the clock.

    >>> detector = Detector()
    >>> for data in inputs:
    ...     detector.push(data)
    ...     detector.end_input()
    >>> detector.finish()
    >>> for alert in detector.alerts():
    ...     print(alert["AlertSeverity"], alert["AlertName"])

    ``empty_tables``: a table of whose log nothing was read is empty, and its rules run all the same. For what is pushed are candidates.
    """

    def __init__(self, rules: Optional[Rules] = None, *, pack: Optional[str] = None, evidence: bool = True, stream: bool = False,
                 workspace: Optional[str] = None, tables: "Sequence[Table]" = (), functions: Optional[Rules] = None,
                 from_: Optional[Time] = None, to: Optional[Time] = None, max_inflated_bytes: Optional[int] = None,
                 max_events: Optional[int] = None, empty_tables: bool = False) -> None:
        self._streams = stream
        super().__init__("detector_new", rules, pack, tables, functions, {
            "evidence": evidence, "stream": stream, "workspace": workspace, "from": to_iso(from_), "to": to_iso(to),
            "maxInflatedBytes": max_inflated_bytes, "maxEvents": max_events, "emptyTables": empty_tables,
        })

    def _push(self, length: int) -> None:
        if self._streams:
            self._engine.call("set_clock", UNIX_EPOCH + clock.time_ns() // 100)
        super()._push(length)

    def take_over(self, handed: bytes) -> None:
        """Takes what a Reader of the same rules has handed over, as if what it read had been pushed here. What another build of
        Forepost or a reader of other rules wrote is refused."""
        try:
            self._engine.ask_with("take_over", bytes(handed), before=(self._number or 0,))
        except Refused as refused:
            raise ForepostError(refused.findings[0]["code"], refused.findings[0]["message"]) from None

    def observe(self, first: Time, last: Time) -> None:
        """Tells which period other readers covered, when only candidates are pushed here: rules that alert when nothing happened need it."""
        self._ask("observe", to_ticks(first), to_ticks(last))

    def limit_runs(self, from_: int, to: int) -> None:
        """From now on only the runs from a tick on and before another happen, for rules whose runs are made apart: see ``schedules()``."""
        self._ask("limit_runs", from_, to)

    def advance_to(self, time: Time) -> None:
        """Concludes the windows that ended before a time, for streams that never end."""
        self._ask("advance_to", to_ticks(time))

    def finish(self) -> None:
        """There is no more input: all windows conclude."""
        self._ask("finish")

    def alert_lines(self) -> "Iterator[bytes]":
        """The alerts since the last call, as lines of JSON."""
        while True:
            text = self._ask("take_alerts")
            if not text:
                return
            yield from text.split(b"\n")[:-1]

    def alerts(self) -> "List[Dict[str, Any]]":
        """The alerts since the last call."""
        return [json.loads(line) for line in self.alert_lines()]


class Candidate(NamedTuple):
    """An event that some rule needs."""

    rules: "List[int]"
    """The places of the rules among those of the reader."""
    time: Optional[str]
    event: bytes
    """Its JSON, in one line."""


class Of(NamedTuple):
    """What was in one input, as the engine writes it: lines of candidates, lines of problems, counts."""

    candidates: bytes
    problems: bytes
    stats: bytes


class Reader(_Rules):
    """Finds what rules need, for a Detector elsewhere: either ``hand_over()``, or ``candidates()``."""

    def __init__(self, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
                 functions: Optional[Rules] = None, from_: Optional[Time] = None, to: Optional[Time] = None) -> None:
        super().__init__("reader_new", rules, pack, tables, functions, {"from": to_iso(from_), "to": to_iso(to)})

    def hand_over(self) -> bytes:
        """Everything since the last call, for ``Detector.take_over()``. Problems that were asked for before stay behind."""
        return self._ask("hand_over")

    def waiting(self) -> int:
        """About how many bytes ``hand_over()`` would give."""
        return self._engine.call("waiting", self._number or 0) & 0xFFFF_FFFF

    def take_input(self) -> Of:
        """Ends the input: all there is to say of it, if nothing else was read since the ``restart()``."""
        self._ask("end_input")
        return Of(self._ask("take_candidates"), self._ask("take_problems"), self._ask("stats"))

    def candidates(self) -> "List[Candidate]":
        """The candidates since the last call."""
        found = []
        for line in self._ask("take_candidates").split(b"\n")[:-1]:
            rules, time, event = line.split(b"\t", 2)
            found.append(Candidate([int(n) for n in rules.split(b",")], time.decode() or None, event))
        return found


class Query(_Reader):
    """Runs one KQL query over events that come bit by bit. ``forepost.query()`` is simpler if you have all inputs."""

    def __init__(self, kql: str, *, now: Optional[Time] = None, tables: "Sequence[Table]" = (), functions: Optional[Rules] = None) -> None:
        self._kql = kql
        try:
            super().__init__("query_new", {"query": kql, "now": to_iso(now or datetime.now(timezone.utc)), **context(tables, functions)})
        except Refused as refused:
            raise query_error(refused.findings, kql) from None

    @property
    def warnings(self) -> "List[Finding]":
        """What is odd about the query, which still runs."""
        return in_characters(self._kql, json.loads(self._ask("warnings")))

    @property
    def complete(self) -> bool:
        """Whether further input changes nothing, for example after the rows of a ``take``."""
        return bool(self._engine.call("is_complete", self._number or 0))

    def result(self) -> QueryResult:
        """Ends the input and returns the answer."""
        answer = json.loads(self._ask("result"))
        if "error" in answer:
            raise query_error([answer["error"]], self._kql)
        return QueryResult(answer["columns"], answer["rows"], self.account())


def refusal(findings: "List[Finding]", files: "Sequence[Dict[str, str]]") -> ForepostError:
    """What the engine says of rules, tables or functions, as an exception."""
    if findings and "file" not in findings[0]:
        return ForepostError(findings[0]["code"], findings[0]["message"])
    return RuleError(located(findings, files))


def query_error(diagnostics: "List[Finding]", kql: str) -> ForepostError:
    """What the engine says of a query, as an exception."""
    if any(d["code"] == "FP404" for d in diagnostics):
        return ForepostError(diagnostics[0]["code"], diagnostics[0]["message"])
    found = in_characters(kql, diagnostics)
    return LimitError(found) if any(d["code"] in LIMIT_CODES for d in found) else QueryError(found)


def describe(files: "Sequence[Dict[str, str]]") -> "List[Dict[str, Any]]":
    """What rules say of themselves; the engine's own, if there are none. What is no rule is left out."""
    engine = _engine.engine()
    texts = [file["text"] for file in files or json.loads(engine.ask("built_in_rules"))]
    cards = [json.loads(engine.ask_with("describe_rule", text.encode())) for text in texts]
    return [card for card in cards if card is not None]
