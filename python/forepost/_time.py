"""Times as the engine takes them: ISO 8601 text in options, ticks of 100 ns since 0001-01-01 UTC in calls."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

from .errors import ForepostError

Time = Union[datetime, str]

ISO = re.compile(r"^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?)?$")
FIRST = datetime(1, 1, 1, tzinfo=timezone.utc)


def to_ticks(time: Time) -> int:
    """A datetime with a time zone, or text such as 2026-03-11T07:10:05Z; a date alone is its midnight in UTC."""
    ticks = 0
    if isinstance(time, str):
        parts = ISO.match(time)
        if parts is None or (parts[2] and not parts[5]):
            raise _wrong(time)
        day, minute, second, fraction, zone = parts.groups()
        ticks = int((fraction or "").ljust(7, "0"))
        try:
            time = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}{'+00:00' if zone in (None, 'Z') else zone}")
        except ValueError:
            raise _wrong(parts[0]) from None
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise _wrong(time)
    return (time - FIRST) // timedelta(microseconds=1) * 10 + ticks


def to_iso(time: Optional[Time]) -> Optional[str]:
    """The same as text in UTC, to the last tick."""
    if time is None:
        return None
    seconds, ticks = divmod(to_ticks(time), 10_000_000)
    return f"{(FIRST + timedelta(seconds=seconds)).strftime('%Y').zfill(4)}{(FIRST + timedelta(seconds=seconds)).strftime('-%m-%dT%H:%M:%S')}.{ticks:07}Z"


def _wrong(time: object) -> ForepostError:
    return ForepostError("bad-argument", f"a time must be a datetime with a time zone, or text such as 2026-03-11T07:10:05Z, not {time!r}")
