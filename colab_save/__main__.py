"""``python -m colab_save`` is the terminal command."""

import sys

from colab_save.frontends.terminal import main

if __name__ == "__main__":
    sys.exit(main())
