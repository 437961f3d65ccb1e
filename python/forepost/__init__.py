"""Runs Microsoft Sentinel analytic rules, unmodified, on AWS CloudTrail logs.

>>> import forepost
>>> alerts = forepost.scan("AWSLogs/")
>>> print(alerts.account)
>>> alerts.to_pandas()
"""

from ._account import Account
from ._engine import about
from ._readers import Candidate, Detector, Query, Reader
from ._results import Alerts, QueryResult
from ._scan import check, explain, query, scan
from .errors import ForepostError, IncompleteWarning, LimitError, QueryError, RuleError, TrapError

__version__ = "0"  # tools/wheel.js writes the engine's

__all__ = [
    "Account", "Alerts", "Candidate", "Detector", "ForepostError", "IncompleteWarning", "LimitError", "Query", "QueryError", "QueryResult",
    "Reader", "RuleError", "TrapError", "about", "check", "explain", "query", "scan",
]
