"""``python -m forepost scan PATH…``: alerts to standard output, the account to standard error."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import List, Optional

from . import __version__, _results, check, query, scan
from .errors import ForepostError, IncompleteWarning, RuleError

LEVELS = ("informational", "low", "medium", "high")


def _arguments(given: "Optional[List[str]]") -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m forepost", description="Runs Microsoft Sentinel analytic rules on AWS CloudTrail logs.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    of_scan = commands.add_parser("scan", help="run rules over logs")
    of_scan.add_argument("paths", nargs="+", metavar="PATH")
    of_scan.add_argument("--rules", action="append", metavar="PATH", help="rule files or folders; default: the engine's own rule")
    of_scan.add_argument("--pack", choices=("aws", "ecr"), help="rules that come with Forepost")
    of_scan.add_argument("--format", choices=("text", "ndjson"), default="text")
    of_scan.add_argument("--no-evidence", action="store_true", help="leave the source events out of the alerts")
    of_scan.add_argument("--from", dest="from_", metavar="TIME", help="only events from this time on")
    of_scan.add_argument("--to", metavar="TIME", help="only events before this time")
    of_scan.add_argument("--strict", action="store_true", help="a rule that cannot run is an error")
    of_scan.add_argument("--fail-on", choices=LEVELS, help="exit with 3 if an alert is that severe")
    of_scan.add_argument("--summary", metavar="FILE", help="write the account as JSON")
    of_query = commands.add_parser("query", help="run one KQL query over logs")
    of_query.add_argument("kql")
    of_query.add_argument("paths", nargs="*", metavar="PATH")
    of_query.add_argument("--now", metavar="TIME", help="what now() is")
    of_check = commands.add_parser("check", help="check rules without running them")
    of_check.add_argument("rules", nargs="+", metavar="PATH")
    return parser.parse_args(given)


def main(given: "Optional[List[str]]" = None) -> int:
    """Exit status: 0 fine, 1 something was not read or a rule did not run (of check: an error in a rule), 2 could not run, 3 ``--fail-on``."""
    options = _arguments(given)
    warnings.simplefilter("ignore", IncompleteWarning)  # the account is printed whole
    try:
        return {"scan": _scan, "query": _query, "check": _check}[options.command](options)
    except RuleError as error:
        for finding in error.diagnostics:
            _say(_finding(finding))
        return 2
    except ForepostError as error:
        _say(f"error: {error} [{error.code}]")
        return 2


def _scan(options: argparse.Namespace) -> int:
    alerts = scan(options.paths, options.rules, pack=options.pack, evidence=not options.no_evidence, from_=options.from_, to=options.to,
                  strict=options.strict)
    if options.format == "ndjson":
        sys.stdout.buffer.write(alerts.to_ndjson())
    else:
        for alert in alerts:
            print(f"{alert['StartTime'][:19]}  {alert['AlertSeverity']:13}  {_visible(alert['AlertName'])}")
    sys.stdout.flush()
    _say(str(alerts.account))
    if options.summary:
        Path(options.summary).write_text(json.dumps(alerts.account, indent=2) + "\n", encoding="utf-8")
    if not alerts.complete:
        return 1
    severe = LEVELS[LEVELS.index(options.fail_on):] if options.fail_on else ()
    return 3 if any(alert["AlertSeverity"].lower() in severe for alert in alerts) else 0


def _query(options: argparse.Namespace) -> int:
    answer = query(options.kql, options.paths, now=options.now)
    for row in answer:
        print(json.dumps(row))
    if options.paths:
        _say(str(answer.account))
    return 0 if answer.account["complete"] or not options.paths else 1


def _check(options: argparse.Namespace) -> int:
    findings = check(options.rules)
    for finding in findings:
        print(_finding(finding))
    return 1 if any(finding["severity"] == "error" for finding in findings) else 0


def _finding(finding: "dict[str, object]") -> str:
    place = f"{finding['file']}:{finding['line']}:{finding['column']}"
    hint = f" ({finding['hint']})" if finding.get("hint") else ""
    return _visible(f"{place}: {finding['severity']}: {finding['message']}{hint} [{finding['code']}]")


def _visible(text: str) -> str:
    return _results.ODD.sub(lambda odd: f"\\u{{{ord(odd[0]):x}}}", text)


def _say(text: str) -> None:
    print("\n".join(map(_visible, text.split("\n"))), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
