"""An executor that is killed while it reads, in a cluster of two on this machine."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from test_spark import as_text, lake, rows, rules, want  # noqa: F401 (fixtures)

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")


@pytest.fixture
def cluster():
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]").appName("forepost").config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false").config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "3")
        .config("spark.executor.memory", "1g").getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def executors():
    """The executors among the descendants of this process."""
    parents, names = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                names[int(folder.name)] = (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended

    def is_ours(process):
        while process in parents and process != os.getpid():
            process = parents[process]
        return process == os.getpid()

    return [process for process, name in names.items() if b"CoarseGrainedExecutorBackend" in name and is_ours(process)]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="executors are found in /proc, which is not here")
def test_a_killed_executor_changes_nothing(cluster, lake, rules, want):  # noqa: F811
    import forepost.spark

    killed, done = [], threading.Event()

    def kill():
        """Once an executor has read some of the files, and others are being read."""
        tracker = cluster.sparkContext.statusTracker()
        while not done.is_set() and not killed:
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            if any(stage and stage.numCompletedTasks > 0 and stage.numActiveTasks > 0 and stage.numTasks > 3 for stage in stages):
                [first, *_] = executors()
                os.kill(first, signal.SIGKILL)
                killed.append(first)
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = forepost.spark.scan(cluster, lake, rules)
        alerts, problems = rows(found.alerts), found.problems.collect()
    finally:
        done.set()
        killer.join()
    assert len(killed) == 1 and not Path(f"/proc/{killed[0]}/exe").exists()
    assert alerts == as_text(want)
    told = want.account["inputs"]["problems"]["first"]
    assert {(p.path, p.code, p.message) for p in problems if p.rule is None} == {(p["path"], p["code"], p["message"]) for p in told}
    assert any(p.path.endswith("cut.json.gz") for p in problems)
