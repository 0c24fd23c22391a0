"""A fake of Colab's package: importing it is what makes a kernel a Colab kernel.

See README.md beside the package: the state of the service is in the folder that ``FAKE_COLAB`` names.
"""

import os
from pathlib import Path

from colab_save.stores.drive.drive import DriveStore

STATE = Path(os.environ["FAKE_COLAB"])

# The one documented seam: where the store looks for the mount and for the kernel's table of mounts.
DriveStore.MOUNTS = STATE / "mounts"
DriveStore.MOUNTPOINT = Path((STATE / "mountpoint").read_text("utf-8"))
