"""scan, query, check and explain against the command."""

import gzip
import io
import json
import warnings

import pytest
from conftest import ROOT, SAMPLE, command, lines, rule, switched_off

import forepost


def test_the_sample_is_what_the_command_says(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alerts = forepost.scan(SAMPLE, pack="aws")
    status, out = command("scan", SAMPLE, "--pack", "aws", "--format", "ndjson", "--summary", tmp_path / "summary.json")
    assert (status, alerts.complete) == (0, True)
    assert len(alerts) > 0 and alerts.to_ndjson() == out
    told = json.loads((tmp_path / "summary.json").read_text())
    for part in ("complete", "inputs", "events", "rules"):
        ours, theirs = alerts.account[part], told[part]
        if part == "inputs":
            ours, theirs = ({k: v for k, v in of.items() if k != "skipped"} for of in (ours, theirs))
        assert ours == theirs, part
    assert alerts[0]["AlertName"] == next(iter(alerts))["AlertName"] and len(alerts[:1]) == 1
    assert forepost.scan(SAMPLE, pack="aws", evidence=False).to_ndjson() == command("scan", SAMPLE, "--pack", "aws", "--format", "ndjson", "--no-evidence")[1]


def test_other_peoples_files_and_rules_give_the_commands_bytes(shared, tmp_path, quiet):
    real, rules = shared / "cloudtrail" / "real", shared / "rules"
    alerts = forepost.scan(real, rules)
    status, out = command("scan", real, "--rules", rules, "--format", "ndjson", "--summary", tmp_path / "summary.json")
    assert status == 1 and not alerts.complete
    assert len(alerts) > 10 and alerts.to_ndjson() == out
    told = json.loads((tmp_path / "summary.json").read_text())
    assert alerts.account["events"] == told["events"] and alerts.account["rules"] == told["rules"]
    assert alerts.account["inputs"] == told["inputs"]


def test_inputs_of_every_kind_are_the_same(tmp_path):
    data = lines(*(switched_off(eventID=str(n)) for n in range(3)))
    path = tmp_path / "day.bin"
    path.write_bytes(gzip.compress(data))

    class Reads:
        def __init__(self):
            self.file = io.BytesIO(data)

        def read(self, n):
            return self.file.read(n)

    want = forepost.scan(data).to_ndjson()
    assert want
    for given in (str(path), path, [data], bytearray(data), memoryview(data), gzip.compress(data), io.BytesIO(data), open(path, "rb"), Reads(), tmp_path):
        assert forepost.scan(given).to_ndjson() == want, given
    assert len(forepost.scan([data, path], pack="ecr")) == len(forepost.scan(data, pack="ecr")) == 1
    with pytest.raises(forepost.ForepostError, match="bytes"):
        forepost.scan(io.StringIO("text"))
    with pytest.raises(forepost.ForepostError, match="not int"):
        forepost.scan([7])


def test_an_incomplete_answer_says_so(tmp_path):
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(lines(*(switched_off(eventID=str(n)) for n in range(500))))[:-100])
    (tmp_path / "broken.json").write_bytes(b'{"eventName": oops')
    (tmp_path / "notes.txt").write_bytes(b"nothing here")
    (tmp_path / "empty.json").write_bytes(b"")
    with pytest.warns(forepost.IncompleteWarning, match="problems in the inputs .*json"):
        alerts = forepost.scan([tmp_path, tmp_path / "gone.json"])
    assert not alerts.complete
    inputs = alerts.account["inputs"]
    assert inputs["unreadable"] == [{"path": str(tmp_path / "gone.json"), "reason": "no such file or folder"}]
    assert inputs["skipped"]["files"] == [{"path": str(tmp_path / "notes.txt"), "reason": "text without events"}]
    by_path = {problem["path"] for problem in inputs["problems"]["first"]}
    assert by_path >= {str(tmp_path / "cut.json.gz"), str(tmp_path / "broken.json")}
    assert "INCOMPLETE" in str(alerts.account) and "INCOMPLETE" in repr(alerts)
    with pytest.warns(forepost.IncompleteWarning, match="no events were read"):
        assert not forepost.scan(b"").complete
    with pytest.warns(forepost.IncompleteWarning, match="span"):
        assert not forepost.scan(lines(switched_off()), from_="2027-01-01").complete
    with pytest.warns(forepost.IncompleteWarning, match="aws s3 sync"):
        forepost.scan("s3://bucket/AWSLogs")


def test_rules_that_cannot_run_are_left_out_and_told(tmp_path):
    data = lines(switched_off())
    (tmp_path / "good.yaml").write_text(rule("AWSCloudTrail", "good"))
    (tmp_path / "bad.yaml").write_text(rule("AWSCloudTrail | where Nope == 1", "bad", 2))
    (tmp_path / "bad.test.yaml").write_text("tests: []")
    (tmp_path / "arm.json").write_text('{"$schema":"…/deploymentTemplate.json#"}')
    (tmp_path / "latin.yaml").write_bytes(b"name: \xff\xfe\n")
    with pytest.warns(forepost.IncompleteWarning, match="3 rules were left out"):
        alerts = forepost.scan(data, tmp_path)
    assert [alert["AlertName"] for alert in alerts] == ["good"]
    left_out = {one["file"]: one for one in alerts.account["rules"]["leftOut"]}
    assert left_out[str(tmp_path / "bad.yaml")]["code"] == "KS142"
    assert "forepost arm" in left_out[str(tmp_path / "arm.json")]["message"]
    assert "UTF-8" in left_out[str(tmp_path / "latin.yaml")]["message"]
    with pytest.raises(forepost.RuleError) as error:
        forepost.scan(data, [rule("AWSCloudTrail"), rule("AWSCloudTrail | where Nope == 1", "bad", 2)], strict=True)
    assert (error.value.code, error.value.file, error.value.line) == ("KS142", "rule 2", 13)
    with pytest.raises(forepost.RuleError):
        forepost.scan(data, rule("AWSCloudTrail | where Nope == 1"))
    with pytest.raises(forepost.ForepostError, match="no such file"):
        forepost.scan(data, "gone.yaml")
    with pytest.raises(forepost.ForepostError, match="no rules"):
        forepost.scan(data, [])
    with pytest.raises(forepost.ForepostError, match="no pack"):
        forepost.scan(data, pack="azure")


def test_positions_count_characters():
    text = rule('AWSCloudTrail\n| extend a = "é😀", x = Nope')
    finding = next(f for f in forepost.check(text) if f["severity"] == "error")
    assert text[finding["start"] : finding["end"]] == "Nope"
    assert text.split("\n")[finding["line"] - 1][finding["column"] - 1 :].startswith("Nope")
    kql = 'print a = "é😀", b = Nope'
    with pytest.raises(forepost.QueryError) as error:
        forepost.query(kql)
    assert kql[error.value.start : error.value.end] == "Nope" and error.value.code.startswith("KS")
    assert error.value.diagnostics[0]["severity"] == "error"
    with pytest.raises(forepost.LimitError):
        forepost.query("print " + " + ".join(["1"] * 600_000))


def test_a_query_answers(tmp_path):
    kql = "AWSCloudTrail | summarize n = count(), earliest = min(TimeGenerated) by EventName | sort by n desc, EventName asc"
    answer = forepost.query(kql, SAMPLE)
    _, out = command("query", kql, SAMPLE, "--format", "ndjson")
    assert [json.loads(line) for line in out.splitlines()] == list(answer)
    assert answer.columns[1] == {"name": "n", "type": "long"} and answer.account["complete"]
    assert forepost.query("print x = 9007199254740993")[0]["x"] == 9007199254740993
    assert forepost.query("print now()", now="2026-06-18T00:00:00.1234567Z").rows == [["2026-06-18T00:00:00.1234567Z"]]
    assert len(forepost.query("AWSCloudTrail | take 2", [lines(switched_off()), lines(switched_off()), lines(switched_off())])) == 2
    with pytest.raises(forepost.ForepostError, match="time zone"):
        forepost.query("print 1", now="2026-06-18T00:00:00")


def test_tables_and_functions(tmp_path):
    data = lines(switched_off())
    kql = "AWSCloudTrail | join kind=inner Vips on $left.UserIdentityUserName == $right.User | project User, Level"
    csv = "User,Level\nana,9\n"
    path = tmp_path / "vips.csv"
    path.write_text(csv)
    for table in ({"data": csv}, {"data": csv.encode()}, {"data": path}, {"data": str(path)}, {"data": '{"User":"ana","Level":"9"}\n'},
                  {"data": [{"User": "ana", "Level": "9"}]}, {"data": '{"value":[{"User":"ana","Level":"9"}]}'}):
        assert list(forepost.query(kql, data, tables=[{"name": "Vips", **table}])) == [{"User": "ana", "Level": "9"}], table
    typed = forepost.query("Vips | project Level", tables=[{"name": "Vips", "data": csv, "schema": "User:string, Level:long"}])
    assert typed.rows == [[9]]
    assert forepost.query("Everyone", data, functions="let Everyone = () { AWSCloudTrail | distinct UserIdentityUserName };").rows == [["ana"]]
    assert forepost.query("SigninLogs | count", tables=[{"name": "SigninLogs", "data": [{"TimeGenerated": "2026-01-01T00:00:00Z"}]}]).rows == [[1]]
    for wrong, says in (({"data": csv}, "name"), ({"name": "AWSCloudTrail", "data": csv}, "cannot be supplied"), ({"name": "T", "data": 7}, "must be CSV"),
                        ({"name": "T", "data": "{}\nnope\n"}, "line 2"), ({"name": "T", "data": [7]}, "row 1")):
        with pytest.raises(forepost.ForepostError, match=says):
            forepost.query("print 1", tables=[wrong])
    with pytest.raises(forepost.ForepostError, match="FP402|foo"):
        forepost.query("print 1", tables=[{"name": "T", "data": "a\n1\n", "schema": "a:foo"}])


def test_explain_says_why():
    text = rule('AWSCloudTrail | where EventName == "é" or EventName == "DeleteTrail"')
    why = forepost.explain(text, switched_off())
    assert why["verdict"] == "quiet" and "DeleteTrail" in why["query"][why["stopped"]["start"] : why["stopped"]["end"]] + why["stopped"]["text"]
    alert = forepost.scan(lines(switched_off()), pack="ecr")[0]
    microsofts = next(r for r in json.loads(forepost._engine.engine().ask("built_in_rules")) if not r["file"].startswith("aws/"))
    own = forepost.explain(microsofts["text"], alert)
    assert own["verdict"] == "alert" and own["run"]["rows"] == 1
    assert forepost.explain(text, [switched_off(eventID="a"), switched_off(eventID="b")], event="b")["event"]["index"] == 1
    for wrong, says in ((dict(events=[switched_off()], event="x"), "none of the events"), (dict(events=b"[]"), "CloudTrail events")):
        with pytest.raises(forepost.ForepostError, match=says):
            forepost.explain(text, **wrong)
    with pytest.raises(forepost.RuleError):
        forepost.explain(rule("Nope"), switched_off())


def test_recognition_is_the_commands(tmp_path, quiet):
    """What is taken of a folder, and why the rest is not, is decided in two languages: they must agree."""
    event = json.dumps(switched_off())
    for name, data in {
        "a.txt": event.encode(), "b.bin": b"\0\1\2", "c.yaml": b"name: x\n", "d": b"\xef\xbb\xbf" + event.encode(), "e.dat": gzip.compress(event.encode()),
        "f.txt": b"eventName,eventSource\nA,B\n", "g.md": b"# text", ".hidden.json": event.encode(), "h.log": b"plain", "i.utf16": event.encode("utf-16"),
        "j.txt": b'noise "eventName" noise', "é/k.json": event.encode(), "\U0001f600.json": event.encode(), "\uff21.json": event.encode(),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "loop").symlink_to(tmp_path)
    alerts = forepost.scan(tmp_path)
    summary = tmp_path.parent / "recognition.json"
    _, out = command("scan", tmp_path, "--format", "ndjson", "--summary", summary)
    assert alerts.to_ndjson() == out
    assert alerts.account["inputs"] == json.loads(summary.read_text())["inputs"]
