"""The notebook, executed by nbconvert as a user would: alerts as cards, answers as tables, and hostile text of a log as text. Chromium, where it is,
shows it; the picture is in tests/out/notebook."""

import html
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLE, switched_off

import forepost

pytest.importorskip("nbconvert", reason="nbconvert is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
OUT = ROOT / "tests/out/notebook"
CHROMIUM = Path(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
# It would leave its cell, name the page anew, and show its end before its beginning.
HOSTILE = "</td></div></pre><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&amp;\u202egnp.exe"
AS_TEXT = html.escape(HOSTILE.replace("\u202e", "\\u{202e}"))


@pytest.fixture(scope="module")
def notebook():
    """The notebook with what it has shown, and the page that nbconvert makes of it."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(SAMPLE, OUT / "AWSLogs")
    who = {"type": "IAMUser", "userName": HOSTILE, "arn": "arn:aws:iam::111122223333:user/x", "accountId": "111122223333"}
    events = [switched_off(userIdentity=who, sourceIPAddress=HOSTILE, errorCode="AccessDenied", eventTime="2026-06-01T00:00:00Z", eventID=f"{n}") for n in range(500)]
    events.append(switched_off(userIdentity=who, eventTime="2026-06-01T00:00:00Z", eventID=HOSTILE))
    (OUT / "AWSLogs/hostile.json").write_text(json.dumps({"Records": events}))
    shutil.copy(ROOT / "python/notebook.ipynb", OUT)
    for options in (["--to", "notebook", "--execute", "--output", "executed.ipynb", "notebook.ipynb"], ["--to", "html", "executed.ipynb"]):
        done = subprocess.run([sys.executable, "-m", "nbconvert", *options], cwd=OUT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return json.loads((OUT / "executed.ipynb").read_text())


def shown(notebook, cell):
    """What the result of a cell is, by kinds of media."""
    [outputs] = [it["outputs"] for it in notebook["cells"] if it["id"] == cell]
    [data] = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    return {kind: "".join(text) for kind, text in data.items()}


def test_alerts_are_cards_and_answers_tables(notebook):
    want = forepost.scan(OUT / "AWSLogs")
    cards = shown(notebook, "alerts")["text/html"]
    assert f"<b>{len(want)} alerts</b>" in cards and cards.count("border-left:4px") == min(len(want), 20) > 5
    for alert in want[:20]:
        assert html.escape(alert["AlertName"].replace("\u202e", "\\u{202e}")) in cards
    assert shown(notebook, "whole")["text/plain"] == "True"
    frame = shown(notebook, "frame")["text/html"]
    assert "<th>AlertName</th>" in frame and frame.count("<tr") == len(want) + 1
    answer = shown(notebook, "answer")["text/html"]
    assert "<tr><th>UserIdentityUserName</th><th>SourceIpAddress</th><th>events</th>" in answer
    assert answer.count("<tr>") > 5 and "<td>500</td><td>500</td>" in answer


def test_hostile_text_is_text(notebook):
    for cell in ("alerts", "answer"):
        it = shown(notebook, cell)["text/html"]
        assert AS_TEXT in it, cell
        assert "<script" not in it and "<img" not in it and "\u202e" not in it
    assert "<script" not in shown(notebook, "frame")["text/html"]


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no Chromium at {CHROMIUM}")
def test_a_browser_shows_it(notebook):
    def browser(*options):
        # No name is resolved: nbconvert's page asks others for scripts, and nothing in it must need them.
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
                 f"--user-data-dir={OUT / 'browser'}", "--virtual-time-budget=5000", "--window-size=1400,1900"]
        done = subprocess.run([CHROMIUM, *flags, *options, (OUT / "executed.html").as_uri()], capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    page = browser("--dump-dom")
    assert "<title>executed</title>" in page and "<img src=\"x\"" not in page
    assert "border-left:4px solid" in page or "border-left: 4px solid" in page
    browser(f"--screenshot={OUT / 'notebook.png'}")
    assert (OUT / "notebook.png").stat().st_size > 50_000
