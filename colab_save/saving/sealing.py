"""Seal a stage: write its README, take the digests of all files, pack folders, and sign the manifest.

Nothing in the stage changes after that; `versions.publishing` copies it to the store and writes the manifest last.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.artifact.libraries import read_libraries
from colab_save.artifact.manifest import Manifest, describe_files
from colab_save.artifact.readme import README, readme_of
from colab_save.custom_code.signing import signed
from colab_save.saving.plan import Destination
from colab_save.saving.searching import check_stage
from colab_save.saving.staging import Staged
from colab_save.versions.packing import pack


def seal(manifest: Manifest, staged: Staged, destination: Destination) -> Manifest:
    """Complete the stage, and return the manifest with all files, their digests and the signature.

    Raises:
        RequestError: A file or the manifest has what looks like a secret.
    """
    folder = staged.folder
    manifest = replace(manifest, files=describe_files(folder))
    check_stage(folder, manifest)
    if destination.key:  # the payload of a plain save lies elsewhere, where nobody would find the README
        return signed(manifest)
    folders = [payload.path for payload in manifest.payloads if (folder / payload.path).is_dir()]
    packed = folders if destination.packs_folders else []
    text = readme_of(manifest, _openings(manifest, staged), packed)
    (folder / README).write_text(text, encoding="utf-8")
    return signed(replace(manifest, files=describe_files(folder), packed=pack(folder, packed)))


def _openings(manifest: Manifest, staged: Staged) -> dict[str, str]:
    """Return the lines that open each payload without this package, the imports of its graph's libraries first."""
    openings = {plug.name: plug.opening for plug in staged.formats}
    for payload in manifest.payloads:
        for library in read_libraries(staged.folder / payload.path):
            line = f"import {library.package}  # registers operations of the graph\n"
            openings[payload.format] = line + openings[payload.format].removeprefix(line)
    return openings
