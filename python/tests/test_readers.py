"""Detector, Reader and Query; the engine behind them; results for notebooks."""

import json
import os
import subprocess
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest
import wasmtime
from conftest import ROOT, SAMPLE, command, lines, rule, switched_off

import forepost
from forepost import _engine

EVENTS = [switched_off(eventID=str(n), eventTime=f"2026-06-{n % 9 + 10}T10:00:00Z", eventName=("PutImageScanningConfiguration", "DeleteTrail")[n % 2]) for n in range(40)]
RULES = [rule('AWSCloudTrail | where EventName == "DeleteTrail"', "one", 1), rule('AWSCloudTrail | where EventSource == "ecr.amazonaws.com"', "two", 2)]


def finished(detector):
    detector.finish()
    return b"".join(line + b"\n" for line in detector.alert_lines())


def test_a_detector_takes_pieces():
    want = forepost.scan(lines(*EVENTS), RULES).to_ndjson()
    detector = forepost.Detector(RULES)
    data = lines(*EVENTS)
    for at in range(0, len(data), 97):
        detector.push(data[at : at + 97])
    detector.end_input()
    assert detector.problems() == [] and detector.stats()["events"] == 40
    assert finished(detector) == want and detector.account()["complete"]
    detector.restart()
    detector.push(data.decode())
    assert finished(detector) == want
    detector.close()
    with pytest.raises(forepost.ForepostError, match="closed"):
        detector.push(b"x")


def test_a_stream_concludes_as_it_goes():
    detector = forepost.Detector(RULES, stream=True)
    for event in sorted(EVENTS, key=lambda e: e["eventTime"]):
        detector.push(lines(event))
    early = detector.alerts()
    detector.finish()
    assert early and len(early) + len(detector.alerts()) == len(forepost.scan(lines(*EVENTS), RULES))
    future = forepost.Detector(RULES, stream=True)
    future.push(lines(switched_off(eventTime="9999-01-01T00:00:00Z")))
    future.end_input()
    assert future.stats()["ahead"] == 1
    apart = forepost.Detector(RULES)
    apart.push(lines(switched_off()))
    apart.advance_to(datetime(2026, 6, 20, tzinfo=timezone.utc))
    assert apart.alerts()
    with pytest.raises(forepost.ForepostError, match="time zone"):
        apart.advance_to(datetime(2026, 6, 20))


def test_readers_hand_over_to_the_same_build_and_rules_alone():
    want = forepost.scan(lines(*EVENTS), RULES).to_ndjson()
    detector = forepost.Detector(RULES)
    for part in (EVENTS[20:], EVENTS[:20]):
        with forepost.Reader(RULES) as reader:
            reader.push(lines(*part))
            reader.end_input()
            assert reader.waiting() > 0
            handed = reader.hand_over()
        detector.take_over(handed)
    assert finished(detector) == want
    for wrong, says in ((handed[:-1], "missing"), (b"x", "nothing that a reader"), (handed.replace(forepost.about()["build"].encode(), b"0" * 16), "0000000000000000")):
        with pytest.raises(forepost.ForepostError, match=says) as error:
            forepost.Detector(RULES).take_over(wrong)
        assert error.value.code == "FP405"
    with pytest.raises(forepost.ForepostError, match="other rules"):
        forepost.Detector(RULES[:1]).take_over(handed)


def test_each_rule_concludes_from_its_candidates():
    reader = forepost.Reader(RULES)
    reader.push(lines(*EVENTS, switched_off(eventSource="s3.amazonaws.com", eventName="GetObject")))
    reader.end_input()
    candidates = reader.candidates()
    assert len(candidates) == 40 and reader.candidates() == [] and reader.rule_names == ["one", "two"]
    assert all(c.time.startswith(json.loads(c.event)["eventTime"][:-1]) for c in candidates)
    alerts = b""
    for number, text in enumerate(RULES):
        detector = forepost.Detector(text)
        for candidate in candidates:
            if number in candidate.rules:
                detector.push(candidate.event + b"\n")
        alerts += finished(detector)
    assert alerts == forepost.scan(lines(*EVENTS), RULES).to_ndjson()


def test_threads_share_nothing_and_wait_for_one_another():
    want, found = forepost.scan(SAMPLE, pack="aws").to_ndjson(), []
    shared = forepost.Detector(RULES)

    def work():
        found.append(forepost.scan(SAMPLE, pack="aws").to_ndjson())
        for event in EVENTS:
            shared.push(lines(event))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [want] * 4 and shared.stats()["events"] == 160


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_an_engine_of_its_own():
    want = forepost.scan(SAMPLE).to_ndjson()
    child = os.fork()
    if child == 0:
        os._exit(0 if forepost.scan(SAMPLE).to_ndjson() == want else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_the_compiled_module_is_kept_and_never_trusted_blindly(tmp_path, monkeypatch):
    """With a small module, which compiles at once."""
    monkeypatch.setattr(_engine, "WASM", tmp_path / "small.wasm")
    _engine.WASM.write_bytes(wasmtime.wat2wasm('(module (func (export "f") (result i32) i32.const 7))'))
    engine, folder = wasmtime.Engine(), tmp_path / "cache"

    def works():
        store = wasmtime.Store(engine)
        return wasmtime.Instance(store, _engine._load(engine), []).exports(store)["f"](store) == 7

    monkeypatch.setenv("FOREPOST_CACHE", str(folder))
    assert works()
    (kept,) = folder.iterdir()
    compiled, before = kept.read_bytes(), kept.stat().st_mtime_ns
    assert works() and kept.stat().st_mtime_ns == before
    if os.name == "posix":
        assert kept.stat().st_mode & 0o077 == 0 and folder.stat().st_mode & 0o777 == 0o700
    for damaged in (b"", b"not a module", compiled[:1000]):
        kept.write_bytes(damaged)
        assert works() and len(kept.read_bytes()) == len(compiled)  # mended
    assert list(folder.iterdir()) == [kept]
    if os.name == "posix":
        # What others could write would be native code of theirs.
        kept.write_bytes(b"x")
        folder.chmod(0o777)
        assert works() and kept.read_bytes() == b"x"
    (tmp_path / "file").write_text("")
    for nowhere in ("", str(tmp_path / "file" / "cache")):
        monkeypatch.setenv("FOREPOST_CACHE", nowhere)
        assert works()
    # Another module is another file.
    monkeypatch.setenv("FOREPOST_CACHE", str(tmp_path / "two"))
    assert works()
    _engine.WASM.write_bytes(wasmtime.wat2wasm('(module (func (export "f") (result i32) i32.const 3 i32.const 4 i32.add))'))
    assert works() and len(list((tmp_path / "two").iterdir())) == 2


def test_a_panic_is_told_and_the_next_object_works(monkeypatch):
    """With a module that panics over an input that asks for it."""
    monkeypatch.setattr(_engine, "WASM", ROOT / "target/abi/panic.wasm")
    monkeypatch.setattr(_engine, "_compiled", None)
    monkeypatch.setattr(_engine, "_of_thread", threading.local())
    monkeypatch.setenv("FOREPOST_CACHE", "")
    detector, other = forepost.Detector(), forepost.Detector()
    with pytest.raises(forepost.TrapError) as error:
        detector.push(b"please panic")
    assert (error.value.code, error.value.panic) == ("trap", "a panic on purpose")
    assert "panic_test.rs:" in error.value.location
    for lost in (detector, other):
        with pytest.raises(forepost.TrapError) as error:
            lost.push(b"x")
        assert error.value.code == "instance-lost"
    detector.close()
    assert len(forepost.scan(lines(switched_off()), pack="ecr")) == 1


def test_hostile_bytes_end_in_words(quiet):
    for data in (b"\x1f\x8b" + b"\0" * 50, b"PK\x03\x04" + os.urandom(500), b"{" * 100_000, b'{"eventName":"' + b"\xff" * 1000, os.urandom(5000), b"[" * 10**6):
        alerts = forepost.scan(data)
        assert not alerts.complete and len(alerts) == 0


def test_memory_goes_back():
    for _ in range(50):
        forepost.Detector(RULES)
    before = _engine.engine()._memory.data_len(_engine.engine()._store)
    for _ in range(200):
        forepost.Detector(RULES).push(lines(switched_off()))
    assert _engine.engine()._memory.data_len(_engine.engine()._store) == before


# ── Results ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_frames_have_types():
    pandas = pytest.importorskip("pandas")
    alerts = forepost.scan(SAMPLE, pack="aws")
    frame = alerts.to_pandas()
    assert len(frame) == len(alerts) and str(frame.StartTime.dtype).endswith("UTC]") and isinstance(frame.Evidence[0], list)
    assert list(forepost.scan(lines(switched_off(eventName="X"))).to_pandas().columns)[:2] == ["TimeGenerated", "SystemAlertId"]
    answer = forepost.query('print a = 1, b = 1.5, c = datetime(2026-01-01), d = dynamic([1]), e = true, f = long(null), g = real(nan), h = 1h')
    frame = answer.to_pandas()
    assert [str(t).split("[")[0] for t in frame.dtypes][:3] == ["Int64", "float64", "datetime64"]
    assert frame.d[0] == [1] and frame.f.isna()[0] and frame.g.isna()[0] and frame.c[0] == pandas.Timestamp("2026-01-01", tz="UTC")
    twice = forepost.query("print a = 1, b = 2 | project a, a1 = b")
    assert twice.to_pandas().shape == (1, 2)


def test_arrow_tables():
    pytest.importorskip("pyarrow")
    alerts = forepost.scan(SAMPLE, pack="aws")
    table = alerts.to_arrow()
    assert table.column_names == list(alerts[0]) and table.to_pylist()[0] == {**alerts[0], "Evidence": json.dumps(alerts[0]["Evidence"], ensure_ascii=False)}
    assert table.num_rows == len(alerts) and json.loads(table["Evidence"][0].as_py()) == alerts[0]["Evidence"]
    answer = forepost.query("print a = 1, b = real(nan), d = dynamic({'x': 1}), s = 'x', n = long(null)").to_arrow()
    assert answer.to_pylist()[0]["d"] == '{"x": 1}' and str(answer.schema.field("a").type) == "int64" and answer["n"][0].as_py() is None


def test_notebooks_show_no_html_of_the_logs(quiet):
    evil = "<script>alert(1)</script>\u202e"
    event = switched_off(userIdentity={"type": "IAMUser", "userName": evil, "arn": evil})
    shown = forepost.scan(lines(event))._repr_html_()
    answer = forepost.query("AWSCloudTrail | project UserIdentityUserName", lines(event))._repr_html_()
    for text in (shown, answer):
        assert "<script" not in text and "\u202e" not in text
    assert "&lt;script&gt;" in answer and "\\u{202e}" in answer
    assert "Incomplete" in forepost.scan(b"{oops")._repr_html_() and "Incomplete" not in shown


def test_the_module_is_a_command(tmp_path):
    def run(*args):
        return subprocess.run([sys.executable, "-m", "forepost", *map(str, args)], capture_output=True)

    done = run("scan", SAMPLE, "--pack", "aws", "--format", "ndjson", "--summary", tmp_path / "s.json")
    assert (done.returncode, done.stdout) == command("scan", SAMPLE, "--pack", "aws", "--format", "ndjson")
    assert json.loads((tmp_path / "s.json").read_text())["complete"] and b"16 of 16 inputs" in done.stderr
    assert b"ECR image scanning" in run("scan", SAMPLE).stdout
    assert run("scan", SAMPLE, "--pack", "ecr", "--fail-on", "medium").returncode == 3 and run("scan", SAMPLE, "--pack", "ecr", "--fail-on", "high").returncode == 0
    gone = run("scan", tmp_path / "gone")
    assert gone.returncode == 1 and b"no such file" in gone.stderr
    assert run("scan", SAMPLE, "--rules", tmp_path / "gone.yaml").returncode == 2
    assert json.loads(run("query", "print x = 1").stdout) == {"x": 1} and run("query", "print y").returncode == 2
    (tmp_path / "bad.yaml").write_text(rule("Nope"))
    checked = run("check", tmp_path / "bad.yaml")
    assert checked.returncode == 1 and b"bad.yaml:13:3: error" in checked.stdout


def test_what_ships_is_small_and_typed():
    folder = Path(forepost.__file__).parent
    assert (folder / "py.typed").is_file() and forepost.__version__ == forepost.about()["version"]
    (wheel,) = (ROOT / "dist/python").glob("*.whl")
    assert wheel.stat().st_size <= 2_000_000
