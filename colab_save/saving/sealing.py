"""Seal a stage: write its README, take the digests of all its files, pack the folders, and sign the manifest.

From here on nothing in the stage is changed; `publishing` copies it and writes the manifest last.
"""

from __future__ import annotations

from dataclasses import replace

from colab_save.artifact.manifest import Manifest
from colab_save.artifact.readme import README, readme_of
from colab_save.custom_code.signing import signed
from colab_save.saving.plan import Destination
from colab_save.saving.staging import Staged
from colab_save.versions.packing import pack
from colab_save.versions.publishing import describe_files


def seal(manifest: Manifest, staged: Staged, destination: Destination) -> Manifest:
    """Complete the stage, and its manifest by all files with their digests and by the signature."""
    folder = staged.folder
    manifest = replace(manifest, files=describe_files(folder))
    if destination.key:  # a plain save has its payload elsewhere, and nobody looks for a README beside it
        return signed(manifest)
    folders = [payload.path for payload in manifest.payloads if (folder / payload.path).is_dir()]
    packed = folders if destination.packs_folders else []
    text = readme_of(manifest, {plug.name: plug.opening for plug in staged.formats}, packed)
    (folder / README).write_text(text, encoding="utf-8")
    return signed(replace(manifest, files=describe_files(folder), packed=pack(folder, packed)))
