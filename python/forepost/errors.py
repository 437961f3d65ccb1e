"""What Forepost raises. ``code`` is for programs, the message for people."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

Finding = Dict[str, Any]


class ForepostError(Exception):
    """The base of all of them. Codes of its own: ``bad-argument``, ``disposed``, ``load-failed``, and the engine's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RuleError(ForepostError):
    """A rule, table or function has an error. ``diagnostics`` has all findings, warnings too; each has ``file``, ``line``, ``column``."""

    def __init__(self, diagnostics: List[Finding]) -> None:
        errors = [d for d in diagnostics if d["severity"] == "error"]
        first = (errors or diagnostics)[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(first["code"], f"{first['file']}:{first['line']}:{first['column']}: {first['message']}{more}")
        self.diagnostics = diagnostics
        self.file: str = first["file"]
        self.line: int = first["line"]
        self.column: int = first["column"]


class QueryError(ForepostError):
    """A query is wrong, or failed while it ran. ``start`` and ``end`` are places in its text, in characters."""

    def __init__(self, diagnostics: List[Finding]) -> None:
        first = next((d for d in diagnostics if d["severity"] == "error"), diagnostics[0])
        super().__init__(first["code"], first["message"])
        self.diagnostics = diagnostics
        self.hint: Optional[str] = first.get("hint")
        self.start: int = first["start"]
        self.end: int = first["end"]


class LimitError(QueryError):
    """A query reached a limit: rows, memory or steps."""


class TrapError(ForepostError):
    """The WebAssembly instance failed (code ``trap``), or this object belonged to one that did (``instance-lost``). A new instance is
    ready: make a new object and go on. ``panic`` and ``location`` are what the engine said, if it could."""

    def __init__(self, code: str, message: str, panic: Optional[str] = None, location: Optional[str] = None) -> None:
        super().__init__(code, message)
        self.panic = panic
        self.location = location


class IncompleteWarning(UserWarning):
    """Something was not read, or a rule did not run: "no alerts" is no answer then. ``account`` of the result says what."""
