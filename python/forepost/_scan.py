"""From paths, bytes and files to an answer."""

from __future__ import annotations

import io
import json
import os
import warnings
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from . import _engine, _files
from ._account import Tally
from ._engine import Refused
from ._readers import Detector, Query, _Reader, describe, query_error, refusal
from ._results import Alerts, QueryResult
from ._rules import Rules, in_characters, located, rule_files
from ._tables import Table, context
from ._time import Time, to_iso
from .errors import Finding, ForepostError, IncompleteWarning, RuleError

# A path to a file or folder, the bytes of one input, or an open file of bytes.
Input = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO]
Inputs = Union[Input, Sequence[Input]]


def scan(inputs: Inputs, rules: Optional[Rules] = None, *, pack: Optional[str] = None, tables: "Sequence[Table]" = (),
         functions: Optional[Rules] = None, evidence: bool = True, workspace: Optional[str] = None, from_: Optional[Time] = None,
         to: Optional[Time] = None, strict: bool = False, progress: bool = False) -> Alerts:
    """Runs rules over logs, as ``forepost scan`` does: the same alerts, byte for byte.

    ``inputs``: paths of files and folders, bytes, open files, or a list of these. Archives and compressed files are read as they are; in a
    folder, the content decides which files can hold events. ``rules``: paths of files and folders, YAML texts, or a list; without any, the
    engine's own 51. ``pack="ecr"`` runs Microsoft's alone; with ``rules`` it adds them.

    What was not read and which rules could not run is in ``account`` of the result, and warned about. ``strict``: a rule that cannot run
    is an error.

    >>> import forepost
    >>> for alert in forepost.scan("AWSLogs/", "rules/"):
    ...     print(alert["AlertSeverity"], alert["AlertName"])
    """
    settings = {"evidence": evidence, "workspace": workspace, "tables": tables, "functions": functions, "from_": from_, "to": to}
    detector, left_out = _detector(rules, pack, strict, settings)
    tally = _read(detector, inputs, progress)
    tally.left_out = left_out
    detector.finish()
    lines = list(detector.alert_lines())
    for problem in detector.problems():
        tally.failure(problem)
    tally.stats = detector.stats()
    answer = Alerts(lines, tally.account(), detector.warnings)
    detector.close()
    _warn(answer)
    return answer


def query(kql: str, inputs: Inputs = (), *, now: Optional[Time] = None, tables: "Sequence[Table]" = (), functions: Optional[Rules] = None,
          progress: bool = False) -> QueryResult:
    """Runs one KQL query over logs. ``now`` is what ``now()`` is; by default this machine's clock.

    >>> forepost.query("AWSCloudTrail | summarize count() by EventName | top 10 by count_", "AWSLogs/").to_pandas()
    """
    run = Query(kql, now=now, tables=tables, functions=functions)
    tally = _read(run, inputs, progress)
    answer = run.result()
    for problem in run.problems():
        tally.report(None, problem)
    tally.stats = run.stats()
    answer.account = tally.account()
    run.close()
    if inputs != ():
        _warn(answer)
    return answer


def check(rules: Rules, *, tables: "Sequence[Table]" = (), functions: Optional[Rules] = None) -> "List[Finding]":
    """Checks rules without running them: findings with ``file``, ``line``, ``column``, ``start``, ``end``, ``code``, ``message``, ``hint``.

    >>> for finding in forepost.check("my-rules/"):
    ...     print(finding["file"], finding["line"], finding["message"])
    """
    files, left_out = rule_files(rules)
    unread = [
        {"file": one["file"], "rule": None, "severity": "error", "code": one["code"], "message": one["message"], "hint": None, "line": 1, "column": 1}
        for one in left_out
    ]
    options = json.dumps({"rules": files, **context(tables, functions)}).encode()
    try:
        found = json.loads(_engine.engine().ask_with("check", options))
    except Refused as refused:
        raise refusal(refused.findings, files) from None
    return located(unread + found, files)


def explain(rule: Any, events: Any, *, event: Union[int, str, None] = None, tick: Optional[Time] = None, tables: "Sequence[Table]" = (),
            functions: Optional[Rules] = None) -> "Dict[str, Any]":
    """Why a rule matched events, or did not: ``verdict``, ``stopped``, ``run``, ``branches`` … as in js/index.d.ts. Places count characters
    of the rule's query. ``events``: one event (a dict, or its JSON), a list of them, or an alert with evidence.

    >>> why = forepost.explain("my-rule.yaml", event)
    >>> print(why["verdict"], why["stopped"])
    """
    files, left_out = rule_files(rule)
    if left_out or len(files) != 1:
        why = left_out[0]["message"] if left_out else f"explain takes one rule, and these are {len(files)}"
        raise ForepostError("bad-argument", why)
    if isinstance(events, dict) and "SystemAlertId" in events:
        tick = tick or _tick_of(events)
        events = _evidence_of(events)
    records = [_record(one) for one in ([events] if isinstance(events, (dict, str, bytes)) else events)]
    options = {
        "rule": files[0]["text"], "lengths": [len(record) for record in records], "event": _place_of(event, records), "tick": to_iso(tick),
        **context(tables, functions),
    }
    given = json.dumps({key: value for key, value in options.items() if value is not None}).encode()
    try:
        answer = json.loads(_engine.engine().ask_with("explain", given, b"".join(records)))
    except Refused as refused:
        raise refusal([{**finding, **({"file": files[0]["file"]} if "line" in finding else {})} for finding in refused.findings], files) from None
    findings = located([{**finding, "file": files[0]["file"]} for finding in answer.pop("findings", [])], files)
    return {**in_characters(answer["query"], answer), "findings": findings}


def _detector(rules: Optional[Rules], pack: Optional[str], strict: bool, settings: "Dict[str, Any]") -> "Tuple[Detector, List[Dict[str, Any]]]":
    """A detector of the rules that can run, and those that cannot."""
    files, left_out = rule_files(rules, pack)
    if left_out and strict:
        raise ForepostError("unreadable", f"{left_out[0]['file']}: {left_out[0]['message']}")
    try:
        return Detector(files or None, **settings), left_out
    except RuleError as error:
        errors = [d for d in error.diagnostics if d["severity"] == "error"]
        broken = {d["file"] for d in errors}
        running = [file for file in files if file["file"] not in broken]
        if strict or not running or len(running) == len(files) or error.code in ("FP402", "FP403"):
            raise
    for name in (file["file"] for file in files if file["file"] in broken):
        first = next(d for d in errors if d["file"] == name)
        left_out.append({"file": name, "rule": first["rule"], "code": first["code"], "message": first["message"]})
    return Detector(running, **settings), left_out


def _read(reader: _Reader, inputs: Inputs, progress: bool) -> Tally:
    """Reads all inputs, and accounts for each."""
    tally = Tally()
    paths, sources = _sources(inputs, tally)
    tally.found = len(sources) + len(tally.unreadable)
    for name, source in _bar(list(zip(paths, sources)), progress):
        try:
            if isinstance(source, str):
                with open(source, "rb", buffering=0) as file:
                    while reader.pull(file):
                        pass
            else:
                while reader.pull(source):
                    pass
            tally.read += 1
        except OSError as error:
            tally.unreadable.append({"path": name, "reason": _files.reason_of(error, name)})
        reader.end_input()
        for problem in reader.problems():
            tally.report(name, problem)
        if isinstance(reader, Query) and reader.complete:
            break
    return tally


def _sources(inputs: Inputs, tally: Tally) -> "Tuple[List[str], List[Any]]":
    """The names of inputs, and of each its path or an open file."""
    single = isinstance(inputs, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(inputs, "read")
    names: "List[str]" = []
    sources: "List[Any]" = []
    seen: "set[str]" = set()
    for index, one in enumerate([inputs] if single else inputs):  # type: ignore[arg-type]
        if isinstance(one, (str, os.PathLike)):
            found = _files.find_logs([os.fspath(one)])
            tally.unreadable.extend({"path": path, "reason": reason} for path, reason in found.failed)
            tally.skipped.extend({"path": path, "reason": reason} for path, reason in found.skipped)
            fresh = [path for path in found.files if os.path.realpath(path) not in seen]
            seen.update(map(os.path.realpath, fresh))
            names.extend(fresh)
            sources.extend(fresh)
        elif isinstance(one, (bytes, bytearray, memoryview)):
            names.append(f"input {index + 1}")
            sources.append(io.BytesIO(one))
        elif hasattr(one, "read"):
            name = getattr(one, "name", None)
            names.append(name if isinstance(name, str) else f"input {index + 1}")
            sources.append(one if hasattr(one, "readinto") else _Filled(one))
        else:
            raise ForepostError("bad-argument", f"input {index + 1} must be a path, bytes or an open file of bytes, not {type(one).__name__}")
    return names, sources


class _Filled:
    """A file that can only be read, as one that fills a buffer."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readinto(self, room: memoryview) -> int:
        data = self._file.read(len(room))
        if isinstance(data, str):
            raise ForepostError("bad-argument", "open the file for bytes: open(path, 'rb')")
        room[: len(data)] = data
        return len(data)


def _bar(inputs: "List[Any]", progress: bool) -> "Iterator[Any]":
    if not progress:
        return iter(inputs)
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return iter(inputs)
    return iter(tqdm(inputs, unit="file"))


def _warn(answer: Union[Alerts, QueryResult]) -> None:
    gaps = answer.account.gaps()
    if gaps:
        warnings.warn(f"the answer is incomplete: {'; '.join(gaps)}", IncompleteWarning, stacklevel=3)


# ── What explain is given ────────────────────────────────────────────────────────────────────────────────────


def _record(event: Any) -> bytes:
    data = event if isinstance(event, bytes) else event.encode() if isinstance(event, str) else json.dumps(event).encode()
    if not data.lstrip().startswith(b"{"):
        raise ForepostError("bad-argument", f"explain needs CloudTrail events, each a dict or its JSON, not {type(event).__name__}")
    return data


def _place_of(event: Union[int, str, None], records: "List[bytes]") -> Optional[int]:
    if event is None or (isinstance(event, int) and 0 <= event < len(records)):
        return event  # type: ignore[return-value]
    for place, record in enumerate(records):
        if isinstance(event, str) and json.loads(record).get("eventID") == event:
            return place
    raise ForepostError("bad-argument", f"none of the events is {event!r}: give its place, or its eventID")


def _tick_of(alert: "Dict[str, Any]") -> Optional[str]:
    end = json.loads(alert["ExtendedProperties"]).get("Query End Time UTC")
    return end.replace(" ", "T", 1) if end else None


def _evidence_of(alert: "Dict[str, Any]") -> "List[bytes]":
    if "Evidence" not in alert:
        raise ForepostError("bad-argument", "this alert has no evidence: it was made with evidence=False")
    texts = (_record(event["record"]) for row in alert["Evidence"] for event in row["events"])
    return list(dict.fromkeys(texts))


__all__ = ["Input", "Inputs", "check", "describe", "explain", "query", "query_error", "scan"]
