"""What a run says of its own cost."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT

CHILD = "from flows.metrics import peak_memory; print(peak_memory() >> 20)"
PARENT = f"""
import os, subprocess, sys
held = bytearray(os.urandom(1) * (700 << 20))
done = subprocess.run([sys.executable, "-c", {CHILD!r}], preexec_fn=lambda: None, stdout=subprocess.PIPE)
sys.stdout.buffer.write(done.stdout)
"""


def test_the_memory_of_whoever_started_the_process_is_not_its_own() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, check=True)
    assert 5 < int(done.stdout) < 400
