"""Google Drive as Colab mounts it."""
