"""Probes of the installed packages, by their metadata; none is imported. Each returns a `Finding` for `doctor`."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from colab_save.reports.diagnosis import Finding

REQUIRED = (
    *("tensorflow", "keras", "h5py", "ml_dtypes", "numpy", "ipython"),
    *("platformdirs", "psutil", "traitlets", "tqdm", "fsspec", "tenacity"),
)
"""What colab_save cannot do without."""

USED = (
    *("tf_keras", "ipykernel", "ipywidgets", "protobuf", "jax", "scikit-learn", "skops", "s3fs", "gcsfs", "adlfs"),
    *("huggingface_hub", "tf2onnx", "onnx", "onnxruntime", "netron", "tensorboard"),
)
"""What it uses where it is there."""

OTHER_NAMES = {
    "tensorflow": ("tensorflow-cpu", "tf-nightly", "tf-nightly-cpu"),
    "keras": ("keras-nightly",),
}
"""Other names under which a package is installed."""

MODULES = {"ipython": "IPython", "protobuf": "google.protobuf", "scikit-learn": "sklearn"}
"""The modules of packages that are not called like them."""

BROKEN = "broken"


def packages() -> Finding:
    """Return the versions of packages, which of them are missing, and which were replaced since they were loaded."""
    versions = {name: _version(name) for name in (*REQUIRED, *USED)}
    loaded = {name: _loaded(name) for name in versions}
    shown = [f"{name} {_shown(version, loaded[name])}" for name, version in versions.items() if version]
    missing = [name for name in REQUIRED if versions[name] is None]
    lacks = f"; not installed: {', '.join(missing)}" if missing else ""
    fields = {"versions": versions, "loaded": {name: version for name, version in loaded.items() if version}}
    return Finding(", ".join(shown) + lacks, fields)


def colab_save() -> Finding:
    """Return the version of this package and where it is."""
    folder, version, installed = Path(__file__).parents[2], _loaded("colab_save") or "", _version("colab_save")
    text = _shown(installed, version) if installed else f"{version} (not installed)"
    return Finding(f"{text}, in {folder}", {"version": version, "installed": installed, "folder": str(folder)})


def _version(name: str) -> str | None:
    """Return the version of an installed package; ``None`` if it is not installed."""
    for each in (name, *OTHER_NAMES.get(name, ())):
        try:
            version = metadata.version(each)
        except metadata.PackageNotFoundError:
            continue
        except Exception:  # noqa: BLE001 - metadata that was written in part can raise anything
            return BROKEN
        # What has no version in its metadata is given as None.
        return (version if each == name else f"{version} ({each})") if isinstance(version, str) else BROKEN
    return None


def _loaded(name: str) -> str | None:
    """Return the version of a package that this process has imported; its attributes are not asked for."""
    module = sys.modules.get(MODULES.get(name, name))
    version = vars(module).get("__version__") if module is not None else None
    return version if isinstance(version, str) else None


def _shown(installed: str, loaded: str | None) -> str:
    """Return a version as the report shows it, with the one that is loaded if pip has replaced it since."""
    is_replaced = loaded and loaded != installed.partition(" ")[0] and installed != BROKEN
    return f"{installed} ({loaded} is loaded: restart the session)" if is_replaced else installed
