"""The panel as a person uses it: a real browser, a real front end, a real kernel with TensorFlow, and a fake Drive.

Without a browser these say so and skip; `.ci/run` installs one.
"""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.fake_colab.service import FakeColab
from tests.widgets.front_ends import PATIENCE, opened, reason_to_skip

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip()),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Playwright's own pipes
]

START = "import google.colab, keras, numpy, colab_save\n%load_ext colab_save\nx = numpy.ones((4, 3), 'float32')"
TRAIN = (
    "net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])\n"
    "net.compile('adam', 'mse')\n_ = net.fit(x, x[:, :2], verbose=0)\n"
)
PREDICT = "print('answer', net.predict(x, verbose=0)[0].tolist())"

TRAIN += PREDICT
ANSWERS = re.compile(r"answer (\[.*?\])")
PANEL = "%modelpanel"


class Person:
    """Somebody at a notebook with a panel."""

    def __init__(self, notebook, drive):
        self.notebook, self.page, self.drive = notebook, notebook.page, drive

    @property
    def panel(self):
        return self.notebook.panel()

    def click(self, name):
        self.panel.get_by_role("button", name=name, exact=True).click()

    def see(self, text, seconds=PATIENCE):
        found = self.panel.get_by_text(re.compile(text)).locator("visible=true").first
        found.wait_for(timeout=seconds * 1000)
        return found

    def fill(self, label, text):
        self.panel.get_by_label(label, exact=True).locator("visible=true").fill(text)

    def printed(self, count):
        """The answers that cells have printed; a front end shows them a while after the cell has run."""
        end = time.monotonic() + PATIENCE
        while len(found := ANSWERS.findall(self.page.inner_text("body"))) < count and time.monotonic() < end:
            time.sleep(0.1)
        return found

    @property
    def versions(self):
        return sorted(path.parent.name for path in (self.drive.cloud / "MyDrive").rglob("manifest.json"))


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "service").mkdir()
    drive = FakeColab(folder / "service", folder / "drive")
    with opened(folder, [START, TRAIN, PANEL, PREDICT], drive.environment) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.run(2)
        yield Person(notebook, drive)


def test_the_whole_way_there_and_back(person):
    """Mount, save, see PASSED, restart the kernel, load, predict."""
    person.see("Drive is not mounted")
    person.click("Mount Drive")
    person.see("Drive is mounted")
    person.fill("Name", "cats")
    person.click("Save")
    person.see(r"Step \d of 4")
    person.see("saved, and proven by a fresh process")
    assert 1 == len(person.versions)
    person.notebook.restart()
    person.notebook.run(0)
    person.notebook.run(2)
    person.panel.get_by_role("tab", name="Models").click()
    person.panel.get_by_role("checkbox").first.check()
    person.fill("Into", "net")
    person.click("Load")
    person.see("loaded, and proven")
    person.notebook.run(3)
    before, after = person.printed(2)
    assert before == after


def test_a_double_click_saves_once(person):
    save_tab(person)
    known = len(person.versions)
    person.panel.get_by_role("button", name="Save", exact=True).dblclick()
    person.see("saved, and proven by a fresh process")
    assert known + 1 == len(person.versions)


def test_cancel_leaves_nothing_behind(person):
    save_tab(person)
    known = person.versions
    person.click("Save")
    person.see("Step 3 of 4: verify")
    began = time.monotonic()
    person.click("Cancel")
    person.see("CancelledError: Cancelled in the step")
    assert time.monotonic() - began < 10
    assert known == person.versions


def test_a_save_that_is_refused_says_why_and_the_panel_stays_usable(person):
    save_tab(person)
    known = person.versions
    person.fill("Name", "a/../..")
    person.click("Save")
    person.see("TargetError|RequestError|StoreError|UnsafeFileError")
    person.see("Hint: ")
    assert known == person.versions
    person.fill("Name", "dogs")
    assert person.panel.get_by_role("button", name="Save", exact=True).is_enabled()


def test_without_a_kernel_the_last_card_can_still_be_read(person):
    """What the saved notebook keeps beside the widgets; the living panel hides it."""
    assert not person.page.locator(".colab-save-still").last.is_visible()
    cells = json.loads(person.notebook.saved())["cells"]
    kept = ["".join(output["data"]["text/html"]) for output in cells[2]["outputs"] if "text/html" in output["data"]]
    assert ["RequestError", "loaded, and proven"] == [
        text for text in ("RequestError", "loaded, and proven") if text in kept[0]
    ]


def test_a_saved_version_is_looked_into(person):
    person.panel.get_by_role("tab", name="Models").click()
    person.click("Look inside")
    person.panel.get_by_role("img", name="Histogram of kernel").first.wait_for()


def save_tab(person):
    person.panel.get_by_role("tab", name="Save").click()
