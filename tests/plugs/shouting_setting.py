"""A setting of its own: one record in the table of settings.

In the product it also has a parameter of `configure` and a row in docs/guide/settings.md, which tests compare with the
table.
"""

from __future__ import annotations

from colab_save.settings import SWITCH, Setting

RECORD = Setting(name="shouting", kind=SWITCH, default=False, help="Whether reports are in capitals.")
