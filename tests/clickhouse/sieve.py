"""The module of `make clickhouse` in ClickHouse itself: the rows it keeps are those of `forepost sieve`, the alerts those of `forepost scan`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import chdb

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FOREPOST_SHARED", ROOT / "../shared"))
CONFIG = "<clickhouse><allow_experimental_webassembly_udf>true</allow_experimental_webassembly_udf></clickhouse>"


def forepost(*arguments, data=None):
    """Standard output of the command."""
    run = subprocess.run(["node", ROOT / "dist/npm/cli.js", *arguments], input=data, capture_output=True, check=False)
    if run.returncode > 1:
        sys.exit(run.stderr.decode())
    return run.stdout


def statement(name):
    """A query of the recipe, without its comments."""
    text = (ROOT / "recipes/clickhouse" / name).read_text()
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip().rstrip(";")


class Server:
    """ClickHouse with a module's function."""

    def __init__(self, folder, module):
        config = Path(folder) / "config.xml"
        config.write_text(CONFIG)
        self.connection = chdb.connect(f"{folder}/data?config-file={config}")
        self.run(f"INSERT INTO system.webassembly_modules (name, code) SELECT 'forepost', raw_blob FROM file('{module}', 'RawBLOB', 'raw_blob String')")
        self.run(statement("create.sql"))

    def run(self, query, output="TSVRaw"):
        return self.connection.query(query, output).bytes()

    def table(self, file):
        self.run("DROP TABLE IF EXISTS cloudtrail_raw")
        self.run("CREATE TABLE cloudtrail_raw (line String) ENGINE = MergeTree ORDER BY tuple()")
        self.run(f"INSERT INTO cloudtrail_raw SELECT line FROM file('{file}', 'LineAsString', 'line String')")

    def sieve(self):
        return self.run(statement("sieve.sql").removesuffix(" FORMAT TSVRaw"))


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: not equal: {len(got)} against {len(want)} bytes, or {got[:300]!r} against {want[:300]!r}")


def odd_lines():
    """What a table may hold besides plain events, and whether it goes on."""
    event = {"eventVersion": "1.08", "eventTime": "2026-06-17T10:00:00Z", "eventSource": "ecr.amazonaws.com", "eventName": "PutImageScanningConfiguration",
             "userIdentity": {"type": "IAMUser", "userName": "ana"}, "requestParameters": {"imageScanningConfiguration": {"scanOnPush": False}}, "eventID": "1"}
    text = json.dumps(event)
    deep = "[" * 300 + "]" * 300
    return [
        (text, 1),
        (text.replace("false", "true"), 0),
        (text.replace("PutImage", "DescribeImage"), 0),
        (text.replace("PutImage", "Put\\u0049mage"), 1),
        (json.dumps({"log": text}), 1),
        (json.dumps({"detail": event}), 1),
        (text[:-4], 1),
        (text[:-1] + ',"x":' + deep + "}", 1),
        ("", 1),
        ("another program", 1),
        (text.replace("ana", "a\\t'\\\\ é \\u0000"), 1),
        (text[:-1] + ',"x":"' + "y" * 200_000 + '"}', 1),
    ]


def main():
    sets = [("Microsoft's rule", "dist/clickhouse/forepost.wasm", ["--pack", "ecr"], forepost("records", ROOT / "samples/AWSLogs"))]
    shared_module = ROOT / "target/clickhouse/shared.wasm"
    real = SHARED / "cloudtrail/real_unique.ndjson.gz"
    if shared_module.exists() and real.exists():
        sets.append(("38 shared rules over real events", shared_module, ["--rules", SHARED / "rules"], forepost("records", real)))
    elif len(sys.argv) == 1:
        print("../shared, or the module with its rules, is absent: skipped", flush=True)
    # One process runs one ClickHouse.
    if len(sys.argv) == 1:
        for number in range(len(sets)):
            subprocess.run([sys.executable, __file__, str(number)], check=True)
        return
    name, module, rules, lines = sets[int(sys.argv[1])]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.ndjson"
        file.write_bytes(lines)
        server = Server(folder, ROOT / module)
        server.table(file)
        kept = server.sieve()
        want = [line for line in forepost("sieve", "-", *rules, data=lines).splitlines() if not line.startswith(b'{"forepostSieve"')]
        expect(f"{name}: rows", sorted(kept.splitlines()), sorted(want))
        alerts = forepost("scan", "-", "--format", "ndjson", *rules, data=lines)
        expect(f"{name}: alerts", forepost("conclude", "-", "--format", "ndjson", *rules, data=kept), alerts)
        print(f"{name}: {len(want)} of {lines.count(10)} rows pass, as sieve has them; {alerts.count(10)} alerts, as scan has them", flush=True)
        if "--pack" in rules:
            texts = [text for text, _ in odd_lines()]
            file.write_text("\n".join(texts) + "\n")
            answers = server.run(f"SELECT forepost_sieve(line) FROM file('{file}', 'LineAsString', 'line String')").split()
            expect("odd rows", [int(answer) for answer in answers], [answer for _, answer in odd_lines()])
            expect("no rows", server.run("SELECT forepost_sieve(line) FROM cloudtrail_raw WHERE 0"), b"")
            print(f"{len(texts)} odd rows: as they should be", flush=True)
        # How many rows a second, beside one filter on one field.
        times = max(1, 200_000 // lines.count(10))
        server.run(f"INSERT INTO cloudtrail_raw SELECT line FROM cloudtrail_raw CROSS JOIN numbers({times}) AS many")
        [rows] = server.run("SELECT count() FROM cloudtrail_raw").split()
        settings = "SETTINGS max_threads = 1, use_query_condition_cache = 0, webassembly_udf_max_fuel = 0"
        for what, condition in (("forepost_sieve", "forepost_sieve(line)"), ("JSONExtractString", "JSONExtractString(line, 'eventName') = 'PutImageScanningConfiguration'")):
            took = []
            for _ in range(3):
                start = time.process_time()
                server.run(f"SELECT count() FROM cloudtrail_raw WHERE {condition} {settings}")
                took.append(time.process_time() - start)
            print(f"  {what}: {int(rows) / min(took):,.0f} rows a second of one core")


main()
