"""`portico explain`."""

from .options import FolderOption, StackOption


def explain(stack: StackOption = None, folder: FolderOption = None) -> None:
    """Later."""
