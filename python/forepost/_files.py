"""Finds the files of a path, as the command does (js/cli/files.js, js/logfile.js): the content decides, a name only saves the look at it."""

from __future__ import annotations

import os
import re
import stat
from typing import Callable, List, NamedTuple, Optional, Sequence

LOG_NAMES = re.compile(r"\.(json|gz|ndjson|jsonl|log|csv|zip|zst|tgz)$", re.IGNORECASE)
YAML_NAMES = re.compile(r"\.ya?ml$", re.IGNORECASE)
TEST_NAMES = re.compile(r"\.test\.ya?ml$", re.IGNORECASE)
LOOKED_AT = 64 << 10  # bytes

# First bytes of compressed files, archives, UTF-16 text and Parquet: the engine reads them, or says what they are.
MAGICS = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh", b"7z\xbc\xaf", b"\xff\xfe", b"\xfe\xff", b"PAR1")
# Lines of other logs: of flow logs the header or the default format without one, of S3's access logs, of CloudWatch Logs' export.
LINES = re.compile(
    rb"(?:[a-z][a-z0-9-]* )*(?:account-id|interface-id|srcaddr|dstaddr)(?: |$)|2 (?:\d{12}|unknown) eni-|[0-9a-f]{64} \S+ \[\d\d/"
    rb"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?: |$)"
)
KEY = re.compile(rb'"event(?:Name|Source|Version)\\*"')
COLUMN = re.compile(rb"event ?(?:name|source|version|json)|_raw", re.IGNORECASE)
TEMPLATE = re.compile(rb"deploymentTemplate\.json|Microsoft\.SecurityInsights", re.IGNORECASE)

REASONS = {
    FileNotFoundError: "no such file or folder",
    PermissionError: "permission denied",
    IsADirectoryError: "it is a folder",
    NotADirectoryError: "a part of the path is not a folder",
}


class Found(NamedTuple):
    """What paths lead to. Of what failed or was skipped: the path and the reason."""

    files: "List[str]"
    failed: "List[tuple[str, str]]"
    skipped: "List[tuple[str, str]]"


def find_logs(paths: Sequence[str]) -> Found:
    """The log files of paths. In a folder, a file that can hold events is taken, whatever its name."""

    def why_not(path: str, size: int) -> Optional[str]:
        return None if size == 0 or LOG_NAMES.search(path) else why_no_log(path, _start_of(path))

    return _find(paths, why_not)


def find_rules(paths: Sequence[str]) -> Found:
    """The rule files of paths. In a folder, those that are called .yaml or .yml and hold no tests, and ARM templates."""

    def why_not(path: str, _size: int) -> Optional[str]:
        if YAML_NAMES.search(path):
            return "tests of a rule" if TEST_NAMES.search(path) else None
        return None if is_template(path) else "not .yaml or .yml"

    return _find(paths, why_not)


def is_template(path: str) -> bool:
    """Whether a file is an ARM template, in which there may be rules."""
    return path.lower().endswith(".json") and TEMPLATE.search(_start_of(path).replace(b"\0", b"")) is not None


def reason_of(error: OSError, path: str = "") -> str:
    """What an error of the file system means to a person."""
    if path.lower().startswith("s3://"):
        return "Forepost reads local files; download it first: aws s3 sync s3://BUCKET/PREFIX DIR"
    if path.lower().startswith(("http://", "https://")):
        return "Forepost reads local files; download it first"
    return next((reason for kind, reason in REASONS.items() if isinstance(error, kind)), error.strerror or str(error))


def why_no_log(path: str, start: bytes) -> Optional[str]:
    """Why a file with these first bytes cannot hold events; none if it can."""
    text = start[3:] if start.startswith(b"\xef\xbb\xbf") else start
    if any(start.startswith(magic) for magic in MAGICS) or _is_tar(start):
        return None
    if text.lstrip()[:1] in (b"{", b"["):
        return None
    if b"\0" in text:
        return "not text"
    if YAML_NAMES.search(path):
        return "YAML"
    header = text.split(b"\n", 1)[0]
    is_table = COLUMN.search(header) and re.search(rb"[,;\t]", header)
    return None if is_table or LINES.match(header) or KEY.search(text) else "text without events"


def _is_tar(start: bytes) -> bool:
    """Each header has its own sum, taken with blanks in the sum's place."""
    if len(start) < 512:
        return False
    digits = re.match(rb"[\s\0]*([0-7]+)", start[148:156])
    told = int(digits[1], 8) if digits else 0
    return told > 0 and sum(start[:148]) + 8 * 32 + sum(start[156:512]) == told


def _find(paths: Sequence[str], why_not: Callable[[str, int], Optional[str]]) -> Found:
    """In a fixed order (by name, folders and files alike). A file named outright is taken. Each file is taken once, however many links
    lead to it; so a link to a folder above cannot loop."""
    found = Found([], [], [])
    seen: "set[str]" = set()
    for start in paths:
        pending = [start]
        while pending:
            path = pending.pop()
            named = path == start
            try:
                status = os.stat(path)
                real = os.path.realpath(path)
                if real in seen:
                    continue
                seen.add(real)
                regular = stat.S_ISREG(status.st_mode)
                if not named and os.path.basename(path).startswith("."):
                    found.skipped.append((path, "hidden"))
                elif stat.S_ISDIR(status.st_mode):
                    names = sorted(os.listdir(path), key=_by_code_unit, reverse=True)
                    pending.extend(os.path.join(path, name) for name in names)
                else:
                    size = status.st_size if regular else 0
                    reason = None if named else why_not(path, size) if regular else "not a regular file"
                    if reason:
                        found.skipped.append((path, reason))
                    else:
                        found.files.append(path)
            except OSError as error:
                found.failed.append((path, reason_of(error, path)))
            except ValueError:
                found.failed.append((path, "the name contains a null character"))
    return found


def _by_code_unit(name: str) -> bytes:
    """The order of the command, which JavaScript's strings have."""
    return name.encode("utf-16-be", "surrogatepass")


def _start_of(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(LOOKED_AT)
