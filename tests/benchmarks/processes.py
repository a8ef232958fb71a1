"""Whole processes: from their start to their end, and the most memory they had."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping

_MEASURE = """
import json, os, subprocess, sys, time
runs = []
for _ in range(int(sys.argv[1]) + 1):
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    runs.append((time.perf_counter() - started, used.ru_maxrss))
json.dump(runs[1:], sys.stdout)
"""
"""A small process that starts the others: Linux counts the memory of whoever starts one as its."""


def median_process(
    command: list[str], environment: Mapping[str, str], runs: int = 7
) -> tuple[float, float]:
    """Return the median seconds and the highest peak of memory in MB, after one run to warm up."""
    whole = {**os.environ, **environment}
    whole.pop("PYTHONDONTWRITEBYTECODE", None)
    measured = [sys.executable, "-c", _MEASURE, str(runs), *command]
    told = subprocess.run(measured, env=whole, stdout=subprocess.PIPE, check=True).stdout
    taken = json.loads(told)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return statistics.median(spent for spent, _ in taken), max(peak for _, peak in taken) / unit
