"""How many examples a property test tries.

`make test` tries the same few in each run. `make fuzz` tries `FACTOR` times as many, which its seed decides.
"""

import os

FACTOR = int(os.environ.get("PORTICO_EXAMPLES", "1"))
SEED = int(os.environ.get("PORTICO_SEED", "0"))


def examples(few: int) -> int:
    """The number of examples, where `make test` tries so many."""
    return few * FACTOR
