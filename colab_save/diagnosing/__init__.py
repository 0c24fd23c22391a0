"""What a bug report needs: `doctor` asks the machine, its places and its packages, and hides who the user is."""
