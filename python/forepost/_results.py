"""Answers: rows of alerts and of queries, with the account of what they are answers to."""

from __future__ import annotations

import html
import json
import re
from typing import Any, Dict, Iterator, List, Optional, Sequence

from ._account import Account, counted
from .errors import Finding, ForepostError

SHOWN = 20  # alerts or rows that a notebook shows
TIMES = ("TimeGenerated", "StartTime", "EndTime", "ProcessingEndTime")
# Control and direction characters, which could make a log show something else than it holds.
ODD = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _escaped(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return html.escape(ODD.sub(lambda odd: f"\\u{{{ord(odd[0]):x}}}", text))


def _module(name: str, extra: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        raise ForepostError("missing", f"{name} is not installed: pip install 'forepost[{extra}]'") from None


class Alerts(Sequence[Dict[str, Any]]):
    """Alerts as dicts, in the order of the command. ``account`` says what was read and what was not: without it, no alert is no answer.
    ``warnings`` are findings about the rules that ran."""

    def __init__(self, lines: "List[bytes]", account: Account, warnings: "List[Finding]") -> None:
        self._lines = lines
        self.account = account
        self.warnings = warnings

    @property
    def complete(self) -> bool:
        """Whether everything was read, and every rule ran."""
        return bool(self.account["complete"])

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [json.loads(line) for line in self._lines[index]]
        return json.loads(self._lines[index])

    def __iter__(self) -> "Iterator[Dict[str, Any]]":
        return map(json.loads, self._lines)

    def to_ndjson(self) -> bytes:
        """The bytes that ``forepost scan --format ndjson`` prints."""
        return b"".join(line + b"\n" for line in self._lines)

    def to_pandas(self) -> Any:
        """A DataFrame of SecurityAlert rows; times are datetimes in UTC, ``Evidence`` holds lists."""
        pandas = _module("pandas", "pandas")
        frame = pandas.DataFrame(list(self), columns=None if self._lines else list(COLUMNS))
        for name in TIMES:
            frame[name] = pandas.to_datetime(frame[name], utc=True)
        return frame

    def to_arrow(self) -> Any:
        """A table of SecurityAlert rows: text, as Sentinel has it, ``Evidence`` as JSON."""
        arrow = _module("pyarrow", "arrow")
        rows = list(self)
        names = list(COLUMNS) + (["Evidence"] if any("Evidence" in row for row in rows) else [])
        return arrow.table({name: column(arrow, name, rows) for name in names})

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'alert')}; {self.account}>"

    def _repr_html_(self) -> str:
        cards = "".join(map(_card, self[:SHOWN]))
        more = f"<p>… and {len(self) - SHOWN:,} more</p>" if len(self) > SHOWN else ""
        return f"<div><p><b>{counted(len(self), 'alert')}</b></p>{_account(self.account)}{cards}{more}</div>"


# SecurityAlert as alerts fill it; what is not named below is text.
COLUMNS = (
    "TimeGenerated", "SystemAlertId", "DisplayName", "AlertName", "AlertSeverity", "Description", "ProviderName", "VendorName", "VendorOriginalId",
    "AlertType", "ConfidenceLevel", "ConfidenceScore", "IsIncident", "StartTime", "EndTime", "ProcessingEndTime", "RemediationSteps",
    "ExtendedLinks", "AlertLink", "CompromisedEntity", "Status", "SourceSystem", "Type", "ProductName", "ProductComponentName", "Tactics",
    "Techniques", "SubTechniques", "Entities", "ExtendedProperties",
)
KINDS = {"ConfidenceScore": "double", "IsIncident": "bool"}  # as Arrow names types
COLOURS = {"High": "#c62828", "Medium": "#ef6c00", "Low": "#f9a825", "Informational": "#546e7a"}


def column(arrow: Any, name: str, rows: "Sequence[Dict[str, Any]]") -> Any:
    """A column of alerts as an Arrow array."""
    kind = KINDS.get(name)
    values = [row.get(name) for row in rows]
    return arrow.array(values, arrow.type_for_alias(kind)) if kind else arrow.array(list(map(_arrow_text, values)), arrow.string())


def _arrow_text(value: Any) -> Optional[str]:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _card(alert: "Dict[str, Any]") -> str:
    colour = COLOURS.get(alert["AlertSeverity"], "#546e7a")
    entities = json.loads(alert["Entities"]) if alert["Entities"] else []
    named = ", ".join(
        " ".join(_escaped(value) for key, value in entity.items() if key not in ("$id", "Type")) + f" ({_escaped(entity.get('Type'))})"
        for entity in entities
    )
    events = [event.get("eventID") for row in alert.get("Evidence", []) for event in row["events"]]
    evidence = f"<div>{counted(len(events), 'event')}: {_escaped(', '.join(str(e) for e in events[:3]))}{' …' if len(events) > 3 else ''}</div>" if events else ""
    return (
        f'<div style="border-left:4px solid {colour};padding:.3em .8em;margin:.5em 0">'
        f'<b style="color:{colour}">{_escaped(alert["AlertSeverity"])}</b> <b>{_escaped(alert["AlertName"])}</b>'
        f'<div>{_escaped(alert["StartTime"][:19])} to {_escaped(alert["EndTime"][:19])} · {_escaped(alert["Tactics"])}</div>'
        f"<div>{named}</div>{evidence}</div>"
    )


def _account(account: Account) -> str:
    lines = [f'<div style="color:#c62828"><b>Incomplete:</b> {_escaped(gap)}</div>' for gap in account.gaps()]
    read = str(account).split("\n", 1)[0]
    return f"<div>{_escaped(read)}</div>" + "".join(lines)


class QueryResult(Sequence[Dict[str, Any]]):
    """The answer to a query: rows as dicts. ``columns`` has names and types, ``rows`` the values, ``account`` what was read."""

    def __init__(self, columns: "List[Dict[str, str]]", rows: "List[List[Any]]", account: Account) -> None:
        self.columns = columns
        self.rows = rows
        self.account = account

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        names = [column["name"] for column in self.columns]
        if isinstance(index, slice):
            return [dict(zip(names, row)) for row in self.rows[index]]
        return dict(zip(names, self.rows[index]))

    def to_pandas(self) -> Any:
        """A DataFrame. Datetimes are in UTC; timespans, guids and decimals are text, dynamic values are Python's."""
        pandas = _module("pandas", "pandas")
        frame = pandas.DataFrame(self.rows, columns=[column["name"] for column in self.columns], dtype=object)
        for place, column in enumerate(self.columns):
            values = frame.iloc[:, place]
            if column["type"] == "datetime":
                frame.isetitem(place, pandas.to_datetime(values, utc=True, errors="coerce"))
            elif column["type"] in PANDAS:
                frame.isetitem(place, values.astype(PANDAS[column["type"]]))
        return frame

    def to_arrow(self) -> Any:
        """A table. Datetimes, timespans, guids and decimals are text, dynamic values JSON."""
        arrow = _module("pyarrow", "arrow")
        kinds = {"long": arrow.int64(), "int": arrow.int32(), "real": arrow.float64(), "bool": arrow.bool_()}
        made = []
        for place, column in enumerate(self.columns):
            values = [row[place] for row in self.rows]
            kind = kinds.get(column["type"])
            if column["type"] == "real":
                values = [None if value is None else float(value) for value in values]
            made.append(arrow.array(values, kind) if kind else arrow.array([_arrow_text(value) for value in values], arrow.string()))
        return arrow.Table.from_arrays(made, names=[column["name"] for column in self.columns])

    def __repr__(self) -> str:
        return f"<{len(self):,} rows of {', '.join(column['name'] for column in self.columns)}; {self.account}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{_escaped(column['name'])}</th>" for column in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{_escaped(value)}</td>" for value in row) + "</tr>" for row in self.rows[:SHOWN])
        more = f"<p>… and {len(self) - SHOWN:,} more rows</p>" if len(self) > SHOWN else ""
        return f"<div>{_account(self.account)}<table><tr>{head}</tr>{body}</table>{more}</div>"


PANDAS = {"long": "Int64", "int": "Int32", "real": "float64", "bool": "boolean"}
