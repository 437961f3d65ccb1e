"""How long Spark on two cores takes for 2,000 small files, without its start, beside `forepost scan --threads 2`: by turns, for the machine may be busy.
The first half of the turns, in which Java's machine still compiles, stands for itself.

    target/spark-test/bin/python benches/lake.py [RULES] [TURNS]        after `make package` and `make test-spark`, which make what it needs
"""

import gzip
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("FOREPOST_SHARED") or ROOT / "../shared")
FILES, EVENTS = 2000, 90


def lake(folder):
    """Files of 90 events: real ones where they are, the sample's otherwise, over and over."""
    real = SHARED / "cloudtrail/real_unique.ndjson.gz"
    lines = subprocess.run(["node", ROOT / "dist/npm/cli.js", "records", real if real.is_file() else ROOT / "samples/AWSLogs"], capture_output=True, check=False).stdout.splitlines()  # 1: it told of an event without a time
    for n in range(FILES):
        some = [lines[(n * EVENTS + i) % len(lines)] for i in range(EVENTS)]
        (folder / f"{n:04}.json.gz").write_bytes(gzip.compress(b'{"Records":[' + b",".join(some) + b"]}", 6))
    return sum(path.stat().st_size for path in folder.iterdir())


def main():
    rules = sys.argv[1] if len(sys.argv) > 1 else str(SHARED / "rules" if SHARED.is_dir() else ROOT / "rules/aws")
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    import forepost.spark

    spark = (
        SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4").config("spark.driver.memory", "1g").getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = lake(folder)
        command = ["node", ROOT / "dist/npm/cli.js", "scan", folder, "--rules", rules, "--threads", "2", "--format", "ndjson"]

        def by_command():
            return subprocess.run(command, capture_output=True, check=False).stdout.count(b"\n")

        def by_spark():
            spark.catalog.clearCache()
            found = forepost.spark.scan(spark, folder, rules)
            return len(found.alerts.collect())

        took = {by_spark: [], by_command: []}
        for turn in range(turns + 1):
            counts = set()
            for run, times in took.items():
                start = time.perf_counter()
                counts.add(run())
                if turn > 0:  # the first turn compiles, and starts Python's workers
                    times.append(time.perf_counter() - start)
            assert len(counts) == 1, counts
        print(f"{FILES} files, {size / 1e6:.1f} MB, {counts.pop()} alerts, {turns} turns")
        half = turns // 2
        for name, part in (("while Java compiles", slice(0, half)), ("from then on", slice(half, turns))):
            spark_took, scan_took = (statistics.median(times[part]) for times in took.values())
            print(f"  {name}: Spark {spark_took:.2f} s, scan --threads 2 {scan_took:.2f} s, ratio of medians {spark_took / scan_took:.2f}")
        print("  Spark", *(f"{t:.2f}" for t in took[by_spark]), "\n  scan ", *(f"{t:.2f}" for t in took[by_command]))
    spark.stop()


if __name__ == "__main__":
    main()
