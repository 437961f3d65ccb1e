"""Rules and functions as a caller gives them, and findings about them."""

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from . import _files
from .errors import Finding, ForepostError

# A path to a file or folder; the text of a rule, which has line ends; or {"file", "text"}.
Rule = Union[str, "os.PathLike[str]", Mapping[str, str]]
Rules = Union[Rule, Sequence[Rule]]

MAX_RULE_FILE = 16 << 20  # bytes
TEMPLATE = "an ARM template, which this package does not read: forepost arm writes its rules as YAML"


class RuleFiles(NamedTuple):
    """What the engine takes, and what could not be read."""

    files: "List[Dict[str, str]]"
    left_out: "List[Dict[str, Any]]"


def rule_files(rules: Optional[Rules], pack: Optional[str] = None) -> RuleFiles:
    """The rules of a caller. Without any it is the engine's own, for which the engine takes an empty list."""
    found = RuleFiles([], [])
    if pack is not None:
        found.files.extend(_pack(pack))
    if rules is None:
        return found
    for index, rule in enumerate(_listed(rules)):
        if isinstance(rule, Mapping):
            found.files.append({"file": str(rule.get("file", f"rule {index + 1}")), "text": _text(rule["text"])})
        elif isinstance(rule, str) and "\n" in rule:
            found.files.append({"file": f"rule {index + 1}", "text": _text(rule)})
        elif isinstance(rule, (str, os.PathLike)):
            _read(os.fspath(rule), found)
        else:
            raise ForepostError("bad-argument", f"rule {index + 1} must be a path, a text or {{'file', 'text'}}, not {type(rule).__name__}")
    if not found.files:
        why = f": {found.left_out[0]['file']}: {found.left_out[0]['message']}" if found.left_out else ""
        raise ForepostError("bad-argument", f"there are no rules in what was given{why}")
    return found


def _listed(given: Any) -> "Sequence[Any]":
    return [given] if isinstance(given, (str, os.PathLike, Mapping)) else list(given)


def _pack(name: str) -> "List[Dict[str, str]]":
    if name not in ("aws", "ecr"):
        raise ForepostError("bad-argument", f"there is no pack {name!r}: 'aws' has all rules of this package, 'ecr' Microsoft's")
    from ._engine import engine  # the engine knows its own rules

    own = json.loads(engine().ask("built_in_rules"))
    return own if name == "aws" else [rule for rule in own if not rule["file"].startswith("aws/")]


def _read(path: str, into: RuleFiles) -> None:
    files, failed, _ = _files.find_rules([path])
    for file in files:
        try:
            if file.lower().endswith(".json"):
                raise ValueError(TEMPLATE)
            into.files.append({"file": file, "text": read_text(file, MAX_RULE_FILE)})
        except OSError as error:
            failed.append((file, _files.reason_of(error, file)))
        except ValueError as error:
            failed.append((file, str(error)))
    into.left_out.extend({"file": file, "rule": None, "code": "unreadable", "message": message} for file, message in failed)


def read_text(path: str, most: int) -> str:
    """A file of text: UTF-8, or UTF-16 where a mark at its start says so; it may be gzipped."""
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                data = file.read(most + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise ValueError("the gzip file is damaged") from None
    if len(data) > most:
        raise ValueError(f"the file is larger than {most} bytes")
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None


def _text(text: Any) -> str:
    """Half a surrogate pair cannot cross as UTF-8: a question mark stands for it."""
    if not isinstance(text, str):
        raise ForepostError("bad-argument", f"the text of a rule must be a str, not {type(text).__name__}")
    return text.encode("utf-8", "replace").decode("utf-8")


# ── Findings ─────────────────────────────────────────────────────────────────────────────────────────────────

WORD = re.compile(r"\w+|[^\s\w]")


def located(findings: "List[Finding]", files: "Sequence[Mapping[str, str]]") -> "List[Finding]":
    """Findings with ``start`` and ``end``, places in the text of their file, in characters."""
    texts = {file["file"]: file["text"] for file in reversed(files)}
    for finding in findings:
        text = texts.get(finding["file"], "")
        start = _line_start(text, finding["line"])
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        start = min(start + finding["column"] - 1, line_end)
        word = WORD.match(text, start, line_end)
        finding.update(start=start, end=word.end() if word else start)
    return findings


def _line_start(text: str, line: int) -> int:
    at = 0
    for _ in range(1, line):
        after = text.find("\n", at)
        if after < 0:
            return at
        at = after + 1
    return at


def in_characters(text: str, diagnostics: Any) -> Any:
    """Every ``start`` and ``end``, from bytes of a text to characters; also in what is nested."""
    data = text.encode("utf-8", "replace")

    def character(offset: int) -> int:
        return len(data[:offset].decode("utf-8", "ignore"))

    def walk(node: Any) -> None:
        if isinstance(node, list):
            for inner in node:
                walk(inner)
        elif isinstance(node, dict):
            if isinstance(node.get("start"), int) and isinstance(node.get("end"), int):
                node.update(start=character(node["start"]), end=character(node["end"]))
            for key, inner in node.items():
                if key not in ("value", "identifiers", "counts"):  # what events hold is no place, whatever it is called
                    walk(inner)

    walk(diagnostics)
    return diagnostics
