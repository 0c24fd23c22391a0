"""A notebook in a real browser: JupyterLab 4 or the classic Notebook 6, whichever is installed, on this machine only.

with opened(folder, cells, environment) as notebook:
    notebook.run(0)
    notebook.page.get_by_role("button", name="Save").click()
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 120
"""Seconds for anything that a kernel does, TensorFlow's import on a busy machine included."""


def reason_to_skip():
    """Why there can be no browser here; empty when there can."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed"
    if not Path(CHROMIUM).exists():
        return f"there is no browser at {CHROMIUM}"
    if not (is_lab() or importlib.util.find_spec("notebook")):
        return "neither JupyterLab nor the classic Notebook is installed"
    return ""


def is_lab():
    return importlib.util.find_spec("jupyterlab") is not None


@dataclass
class Notebook:
    """A notebook that is open in a page.

    Attributes:
        page: Playwright's page.
        file: Where it is kept.
    """

    page: Any
    file: Path

    def run(self, number):
        """Run a cell and wait until it has run."""
        self.page.locator(self.prompt).nth(number).evaluate("prompt => prompt.textContent = '?'")
        self.start(number)
        self.page.wait_for_function(
            "([prompt, number]) => /\\d/.test(document.querySelectorAll(prompt)[number].textContent)",
            arg=[self.prompt, number],
            timeout=PATIENCE * 1000,
        )

    def restart(self):
        """Restart the kernel, and wait until it is there."""
        raise NotImplementedError

    def saved(self):
        """Save the notebook; the text of its file."""
        before = self.file.stat().st_mtime_ns
        self.save()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:  # the file is emptied first, and then written
            text = self.file.read_text("utf-8")
            if self.file.stat().st_mtime_ns != before and text.rstrip().endswith("}"):
                return text
            time.sleep(0.1)
        raise RuntimeError(f"{self.file} was not saved")

    def panel(self):
        """The panel that is alive on the page."""
        found = self.page.locator(".colab-save-panel").last
        found.wait_for(timeout=PATIENCE * 1000)
        return found

    def shot(self, path):
        """Take a picture of the panel."""
        self.panel().screenshot(path=str(path))


class Lab(Notebook):
    """JupyterLab 4."""

    path = "lab/tree/panel.ipynb"
    prompt = ".jp-CodeCell .jp-InputPrompt"

    def ready(self):
        self.page.get_by_text("| Idle").wait_for(timeout=PATIENCE * 1000)

    def widen(self):
        """Fold the list of files away."""
        self.page.keyboard.press("Control+b")

    def start(self, number):
        cell = self.page.locator(".jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def restart(self):
        self.page.get_by_text("Kernel", exact=True).first.click()
        self.page.get_by_text("Restart Kernel…", exact=True).click()
        self.page.locator("button.jp-mod-accept", has_text="Restart").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        self.ready()

    def save(self):
        self.page.locator(
            '.jp-Notebook-toolbar [data-jp-item-name="save"] jp-button, [data-jp-item-name="save"] button'
        ).first.click()

    def dark(self):
        """Show the dark theme."""
        self.page.evaluate("document.body.dataset.jpThemeLight = 'false'")


class Classic(Notebook):
    """The classic Notebook 6, which has no dark theme and no list of files."""

    path = "notebooks/panel.ipynb"
    prompt = ".code_cell .input_prompt"

    def widen(self):
        """Do nothing: it is wide."""

    def save(self):
        self.page.evaluate("Jupyter.notebook.save_notebook()")

    def dark(self):
        """Stay light."""

    def ready(self):
        self.page.wait_for_function(
            "window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()",
            timeout=PATIENCE * 1000,
        )

    def start(self, number):
        self.page.evaluate(f"Jupyter.notebook.execute_cells([{number}])")

    def restart(self):
        self.page.evaluate("new Promise(done => Jupyter.notebook.kernel.restart(() => done()))")
        self.page.wait_for_function("Jupyter.notebook.kernel.is_connected()", timeout=PATIENCE * 1000)


def _free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


def _command(port, token):
    shared = [f"--port={port}", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
    if is_lab():
        return [sys.executable, "-m", "jupyterlab", *shared, f"--IdentityProvider.token={token}"]
    return [sys.executable, "-m", "notebook", *shared, f"--NotebookApp.token={token}"]


def _write(folder, cells):
    made = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for number, text in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "panel.ipynb").write_text(json.dumps(notebook), "utf-8")


@contextlib.contextmanager
def served(folder, environment):
    """Serve a folder; gives the address, and the token behind it."""
    port, token = _free_port(), secrets.token_hex(8)
    home = folder / ".home"
    home.mkdir(exist_ok=True)
    places = {f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    places |= {"IPYTHONDIR": str(home / "ipython"), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    settings = home / "CONFIG" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}', "utf-8")
    log = (home / "log").open("w")
    server = subprocess.Popen(
        _command(port, token), cwd=folder, env={**os.environ, **places, **environment}, stdout=log, stderr=log
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)
        yield f"http://127.0.0.1:{port}/", token
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _wait_for(address, server):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {server.args}")


@contextlib.contextmanager
def opened(folder, cells, environment=None, *, width=1000, height=1400):
    """Open a notebook of these cells in a page of a browser."""
    from playwright.sync_api import sync_playwright

    _write(folder, cells)
    with served(folder, environment or {}) as (address, token), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        kind = Lab if is_lab() else Classic
        notebook = kind(page, folder / "panel.ipynb")
        page.goto(f"{address}{kind.path}?token={token}")
        notebook.ready()
        notebook.widen()
        try:
            yield notebook
        finally:
            browser.close()
