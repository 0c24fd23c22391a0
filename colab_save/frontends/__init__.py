"""How users reach colab_save: magics, Python functions, the terminal command, and the table of actions they share."""
