"""``TypedDict`` and ``NotRequired`` as Python 3.11 has them, on 3.10 too."""

import sys

if sys.version_info >= (3, 11):
    from typing import NotRequired, Required, TypedDict
else:
    from typing_extensions import NotRequired, Required, TypedDict

__all__ = ["NotRequired", "Required", "TypedDict"]
