"""`portico route`."""

from .options import FolderOption, StackOption


def route(stack: StackOption = None, folder: FolderOption = None) -> None:
    """Later."""
