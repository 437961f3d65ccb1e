"""What was read, skipped and could not be done: the same account as the command's ``--summary`` (js/account.js). "No alerts" is an answer
only beside it."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

LISTED = 1000  # of each list
NOT_GIVEN = "FP305"  # a rule that needs a table of whose log nothing was read


class Tally:
    """Counts while inputs are read."""

    def __init__(self) -> None:
        self.found = 0
        self.read = 0
        self.unreadable: "List[Dict[str, str]]" = []
        self.skipped: "List[Dict[str, str]]" = []
        self.problems: "List[Dict[str, Any]]" = []
        self.problem_count = 0
        self.left_out: "List[Dict[str, Any]]" = []
        self.failed: "List[Dict[str, Any]]" = []
        self.stats: "Dict[str, Any]" = {"events": 0, "bytes": 0}

    def problem(self, path: Optional[str], problem: "Dict[str, Any]") -> None:
        """A problem inside an input."""
        self.problem_count += 1
        if len(self.problems) < LISTED:
            self.problems.append({"path": path, **problem})

    def failure(self, problem: "Dict[str, Any]") -> None:
        """A rule failed in some of its runs; one without a name is about all of them."""
        rule, runs = problem.get("rule"), problem.get("runs", 1)
        if problem["code"] == NOT_GIVEN:
            self.left_out.append({"file": rule, "rule": rule, "code": problem["code"], "message": problem["message"]})
            return
        known = next((f for f in self.failed if f.get("rule") == rule and f["code"] == problem["code"]), None)
        if known:
            known["runs"] += runs
            return
        of = {"rule": rule} if rule is not None else {}
        self.failed.append({**of, "runs": runs, "message": problem["message"], "code": problem["code"]})

    def report(self, path: Optional[str], problem: "Dict[str, Any]") -> None:
        """One of either kind."""
        if "rule" in problem or problem["code"] == "FP301":
            self.failure(problem)
        else:
            self.problem(path, problem)

    def account(self) -> "Account":
        """What it comes to."""
        s = self.stats
        counts = [s.get(name, 0) for name in ("untimed", "late", "dropped", "ahead")]
        whole = not (self.unreadable or self.problem_count or self.left_out or self.failed or any(counts))
        all_outside = s["events"] > 0 and s.get("outside", 0) == s["events"]
        nothing = s["events"] == 0 and (s["bytes"] == 0 or self.problem_count > 0 or self.read == 0)
        account = Account(
            complete=whole and not all_outside and not nothing,
            inputs={
                "found": self.found, "read": self.read, "bytes": s["bytes"], "inflatedBytes": s.get("inflatedBytes", 0),
                "unreadable": self.unreadable[:LISTED],
                "skipped": {"count": len(self.skipped), "files": self.skipped[:LISTED]},
                "problems": {"count": self.problem_count, "first": self.problems},
            },
            events={
                "read": s["events"], "first": s.get("firstEvent"), "last": s.get("lastEvent"),
                **{name: s.get(name, 0) for name in ("untimed", "outside", "late", "dropped", "ahead", "digests")},
                "formats": s.get("envelopes", {}), "tables": s.get("tables", {}),
            },
        )
        if "rules" in s:
            account["rules"] = {"ran": s["rules"], "leftOut": self.left_out, "failed": self.failed}
            account["alerts"] = {"total": s.get("alerts", 0)}
        return account


def counted(n: int, what: str) -> str:
    """``1 event``, ``2,000 events``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


class Account(Dict[str, Any]):
    """The account of a run; as text, what was read and what was not."""

    def gaps(self) -> "List[str]":
        """What keeps it from being complete, in words; empty if nothing does."""
        inputs, events, rules = self["inputs"], self["events"], self.get("rules", {"leftOut": [], "failed": []})
        if self["complete"]:
            return []
        said = []
        if events["read"] == 0:
            said.append("no events were read")
        elif events["outside"] == events["read"]:
            said.append("no event lies in the span that was asked for")
        for n, one, many, first in (
            (len(inputs["unreadable"]), "input could not be read", "inputs could not be read",
             next((f"{u['path']}: {u['reason']}" for u in inputs["unreadable"]), "")),
            (inputs["problems"]["count"], "problem in the inputs", "problems in the inputs",
             next((f"{p['path']}: {p['message']}" for p in inputs["problems"]["first"]), "")),
            (len(rules["leftOut"]), "rule was left out", "rules were left out",
             next((f"{r['file']}: {r['message']}" for r in rules["leftOut"]), "")),
            (len(rules["failed"]), "rule failed in some of its runs", "rules failed in some of their runs",
             next((f"{r.get('rule', 'all')}: {r['message']}" for r in rules["failed"]), "")),
            (events["untimed"], "event has no readable time", "events have no readable time", ""),
            (events["late"], "event came too late", "events came too late", ""),
            (events["dropped"], "candidate was dropped", "candidates were dropped", ""),
            (events["ahead"], "event is ahead of the clock", "events are ahead of the clock", ""),
        ):
            if n:
                said.append(f"{n:,} {one if n == 1 else many}" + (f" ({first})" if first else ""))
        return said

    def __str__(self) -> str:
        inputs, events = self["inputs"], self["events"]
        lines = [f"read {counted(events['read'], 'event')} in {inputs['read']:,} of {counted(inputs['found'], 'input')}"]
        if events["first"]:
            lines[0] += f", {events['first'][:19]} to {events['last'][:19]}"
        if inputs["skipped"]["count"]:
            lines.append(f"passed over {counted(inputs['skipped']['count'], 'file')} without events")
        if "rules" in self:
            lines.append(f"{counted(self['rules']['ran'], 'rule')}, {counted(self['alerts']['total'], 'alert')}")
        return "\n".join(lines + [f"INCOMPLETE: {gap}" for gap in self.gaps()])
