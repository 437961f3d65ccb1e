"""Tables besides AWSCloudTrail, as js/tables.js reads them: rows as CSV or JSON, columns by a schema. Where none is given it is Microsoft's,
if the table is one of Sentinel's, or it comes from the data: JSON has types, and what CSV holds is text."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from ._rules import Rules, read_text
from .errors import ForepostError

# {"name", "data", "schema"?}: data is CSV or JSON text, bytes, a list of dicts, a pandas DataFrame, or a path.
Table = Mapping[str, Any]

FITS = re.compile(r"^[A-Za-z_]\w*$", re.ASCII)
ENDINGS = {"_s": "string", "_d": "real", "_b": "bool", "_t": "datetime", "_g": "guid"}
MAX = 512 << 20  # bytes
SCHEMAS = Path(__file__).with_name("schemas.json")


def context(tables: "Sequence[Table]", functions: Optional[Rules]) -> "Dict[str, Any]":
    """What rules and queries can refer to, as the engine takes it."""
    if isinstance(tables, Mapping):
        tables = [tables]
    made = [_table(table) for table in tables]
    for index, table in enumerate(made):
        if table["name"] == "AWSCloudTrail":
            raise ForepostError("bad-argument", "AWSCloudTrail is the table of the events that are read; it cannot be supplied as a table")
        if any(other["name"] == table["name"] for other in made[:index]):
            raise ForepostError("bad-argument", f"the table {table['name']} is supplied twice")
    return {"tables": made, "functions": [] if functions is None else _functions(functions)}


def _functions(given: Rules) -> "List[Dict[str, str]]":
    """Functions come as rules do, but a path is always a file: its name can be the function's."""
    files = []
    for index, one in enumerate([given] if isinstance(given, (str, os.PathLike, Mapping)) else given):
        if isinstance(one, Mapping):
            files.append({"file": str(one.get("file", f"function {index + 1}")), "text": one["text"]})
        elif isinstance(one, str) and ("\n" in one or not os.path.exists(one)):
            files.append({"file": f"function {index + 1}", "text": one})
        else:
            files.append({"file": os.fspath(one), "text": read_text(os.fspath(one), 1 << 20)})
    return files


def _table(table: Table) -> "Dict[str, Any]":
    name, schema, data = table.get("name"), table.get("schema"), table.get("data")
    if not isinstance(name, str):
        raise ForepostError("bad-argument", "a table must have a name, for example {'name': 'Vips', 'data': csv_text}")
    if schema is not None and not isinstance(schema, str):
        raise ForepostError("bad-argument", f"the schema of the table {name} must be text such as 'User:string, Level:long'")
    rows, text = _data(name, data)
    known = _known(name)
    return {
        "name": name,
        "schema": schema or known or (_schema_of_header(name, text) if rows is None else _schema_of_rows(name, rows)),
        "text": text if rows is None else "".join(json.dumps(row, default=str) + "\n" for row in rows),
        "partial": schema is None,
    }


def _known(name: str) -> Optional[str]:
    """The schema of a table that Sentinel has. The engine knows those of AWS's logs."""
    from ._engine import engine

    for table in json.loads(engine().ask("log_tables")):
        if table["name"] == name:
            return ", ".join(f"{column['name']}:{column['type']}" for column in table["columns"])
    return json.loads(SCHEMAS.read_text("utf-8")).get(name)


def _data(name: str, data: Any) -> "tuple[Optional[List[Any]], str]":
    """Rows, or CSV."""
    if hasattr(data, "to_dict") and hasattr(data, "columns"):  # a DataFrame
        data = json.loads(data.to_json(orient="records", date_format="iso"))
    if isinstance(data, (list, tuple)):
        rows: Optional[List[Any]] = list(data)
        text = ""
    else:
        text = _text_of(name, data)
        rows = _json_rows(name, text)
    for index, row in enumerate(rows or []):
        if not isinstance(row, dict):
            raise ForepostError("bad-argument", f"the table {name}: row {index + 1} must be an object, not {type(row).__name__}")
        if name == "AWSGuardDuty" and "ActivityType" not in row and {k.lower() for k in row} >= {"schemaversion", "service"}:
            raise ForepostError("bad-argument", f"the table {name}: row {index + 1} is a finding as GuardDuty writes it; give rows of Sentinel's table")
    return rows, text


def _text_of(name: str, data: Any) -> str:
    if isinstance(data, os.PathLike) or (isinstance(data, str) and "\n" not in data and os.path.exists(data)):
        try:
            return read_text(os.fspath(data), MAX)
        except (OSError, ValueError) as error:
            raise ForepostError("bad-argument", f"the table {name}: cannot read {os.fspath(data)}: {error}") from error
    if isinstance(data, (bytes, bytearray, memoryview)):
        data = bytes(data).decode("utf-8", "replace")
    if not isinstance(data, str):
        raise ForepostError("bad-argument", f"the data of the table {name} must be CSV, JSON, a list of dicts, a DataFrame or a path, not {type(data).__name__}")
    return data.lstrip("\ufeff")


def _json_rows(name: str, text: str) -> "Optional[List[Any]]":
    """The rows of JSON in the forms that people have it: a line a row, an array, what an API answered. None if it is CSV."""
    trimmed = text.lstrip()
    if trimmed[:1] not in ("{", "["):
        return None
    try:
        whole = json.loads(trimmed)
    except ValueError:
        return [_row(name, i, line) for i, line in enumerate(text.split("\n")) if line.strip()]
    if isinstance(whole, list):
        return whole
    for key in ("Findings", "findings", "value"):
        if isinstance(whole.get(key), list):
            return whole[key]
    tables = whole.get("tables")
    if isinstance(tables, list) and tables and isinstance(tables[0], dict) and isinstance(tables[0].get("rows"), list):
        names = [column["name"] for column in tables[0]["columns"]]
        return [dict(zip(names, row)) for row in tables[0]["rows"]]
    return [whole]


def _row(name: str, index: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise ForepostError("bad-argument", f"the table {name}: line {index + 1} is not JSON") from None


def _type_of(table: str, column: str, otherwise: str) -> str:
    """Every table has the time of its rows under one name; of custom tables, the end of a column's name tells its type."""
    if column == "TimeGenerated":
        return "datetime"
    return ENDINGS.get(column[-2:], otherwise) if table.endswith("_CL") else otherwise


def _schema_of_header(name: str, text: str) -> str:
    header: "List[str]" = next(csv.reader(io.StringIO(text.splitlines()[0] if text else "")), [])
    columns = [re.sub(r" \[UTC\]$", "", column.strip()) for column in header]
    return _schema(name, {column: "string" for column in columns})


def _schema_of_rows(name: str, rows: "List[Dict[str, Any]]") -> str:
    types: "Dict[str, Optional[str]]" = {}
    for row in rows:
        for column, value in row.items():
            found, before = _json_type(value), types.get(column)
            if before is None or found is None or before == found:
                types[column] = before or found
            else:
                types[column] = "real" if {before, found} == {"long", "real"} else "dynamic"
    return _schema(name, {column: found or "dynamic" for column, found in types.items()})


def _json_type(value: Any) -> Optional[str]:
    if value is None:
        return None
    for kind, name in ((str, "string"), (bool, "bool"), (int, "long"), (float, "real")):
        if isinstance(value, kind):
            return "long" if isinstance(value, float) and value.is_integer() else name
    return "dynamic"


def _schema(name: str, columns: "Dict[str, str]") -> str:
    fitting = [f"{column}:{_type_of(name, column, kind)}" for column, kind in columns.items() if FITS.match(column)]
    if not fitting:
        raise ForepostError("bad-argument", f"the table {name} has no columns with names; the first line of CSV names them")
    return ", ".join(fitting)
