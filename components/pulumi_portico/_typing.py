"""The typing features of newer Python versions, on Python 3.10 too."""

import sys

if sys.version_info >= (3, 11):
    from typing import NotRequired, Required, TypedDict, dataclass_transform
else:
    from typing_extensions import NotRequired, Required, TypedDict, dataclass_transform

__all__ = ["NotRequired", "Required", "TypedDict", "dataclass_transform"]
