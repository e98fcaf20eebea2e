"""The shape of values that are written as Kubernetes has them, as far as Portico reads them."""

from ..args.codes import define

__all__ = ["LIST", "MAPPING", "WRONG_SHAPE"]

LIST = "a list of mappings"
MAPPING = "a mapping"

WRONG_SHAPE = define("wrong-kubernetes-shape", "This isn't {expected}.", allowed="{expected}, as Kubernetes has it")
