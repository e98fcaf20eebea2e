"""What AWS would refuse."""

__all__ = ["AwsRefusal"]


class AwsRefusal(Exception):
    """A registration that AWS would refuse: which resource, by which call, and why."""

    def __init__(self, resource: str, operation: str, why: str) -> None:
        self.resource, self.operation, self.why = resource, operation, why
        super().__init__(f"{resource}: AWS rejects {operation}: {why}")
