"""The user's own classes and functions, from live objects to a readable ``custom_code.py`` and back.

`saving` captures (`find_custom_objects`, `capture`), the fresh process and `loading` run the file again
(`load_custom_code`), after `compare_source` has said where it differs from what the notebook holds.
"""

from __future__ import annotations

from colab_save.capturing.custom_code import CustomCode, Missing, lambdas_by_name
from colab_save.capturing.finding import find_custom_objects
from colab_save.capturing.running import capture, compare_source, load_custom_code

__all__ = [
    "CustomCode",
    "Missing",
    "capture",
    "compare_source",
    "find_custom_objects",
    "lambdas_by_name",
    "load_custom_code",
]
