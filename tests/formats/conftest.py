"""A Python in which this package is not, nor what an import of TensorFlow can do without."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from colab_save.fresh_process.child import NOT_NEEDED

PROGRAM = """
import contextlib, io, json, os, sys, traceback
sys.modules.update({absent})
for line in sys.stdin:
    lines, folder = json.loads(line)
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            exec(lines, {{"__name__": "__main__"}})
        except Exception:
            traceback.print_exc(file=said)
    print(json.dumps(said.getvalue()), flush=True)
"""


@pytest.fixture(scope="module")
def bare_python():
    """Run Python code in a folder with no names but its own; return what it prints, or the error that stopped it."""
    program = PROGRAM.format(absent=dict.fromkeys(("colab_save", *NOT_NEEDED)))
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=pipe, stdout=pipe, env=environment, text=True, bufsize=1
    ) as process:

        def run(lines, folder):
            process.stdin.write(json.dumps([lines, str(folder)]) + "\n")
            return json.loads(process.stdout.readline())

        yield run
        process.kill()  # which is quicker than to let TensorFlow go
