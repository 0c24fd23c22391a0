"""How long a model is examined, digests included, beside SHA-256 of the same bytes. Goal: 1.3 s per GB, nothing copied.

Run: python tests/benchmarks/bench_examining.py
"""

from __future__ import annotations

import hashlib
import resource
import statistics
import time

ROUNDS = 5


def main() -> None:
    """Examine a large model and one of many layers, and print both beside the digests alone."""
    import keras
    import numpy as np
    import tensorflow as tf

    from colab_save.model.examining import examine

    for name, units, count in (("dense 1 GB, 8 variables", 8192, 4), ("250 layers, 500 variables", 64, 250)):
        model = keras.Sequential([keras.Input((units,)), *(keras.layers.Dense(units) for _ in range(count))])
        arrays = [np.asarray(tf.convert_to_tensor(variable)) for variable in model.weights]
        size = sum(array.nbytes for array in arrays)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rounds = [(seconds(digest, arrays), seconds(examine, model)) for _ in range(ROUNDS)]
        alone, whole = (statistics.median(taken) for taken in zip(*rounds, strict=True))
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"{name}: {whole:.2f} s, {whole / alone:.1f} x SHA-256 alone, "
            f"{1000 * whole / len(arrays):.2f} ms a variable, {more:.0f} MB more memory for {size / 2**20:.0f} MB"
        )


def digest(arrays):
    """Digest arrays as they lie in memory."""
    import numpy as np

    return [hashlib.sha256(array.reshape(-1).view(np.uint8)).hexdigest() for array in arrays]


def seconds(function, argument):
    start = time.perf_counter()
    function(argument)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
