"""`Job`: pods that run to completion, once or on a schedule."""

from .args import CompletionMode, ConcurrencyPolicy, JobArgs, RestartPolicy
from .component import Job

__all__ = ["CompletionMode", "ConcurrencyPolicy", "Job", "JobArgs", "RestartPolicy"]
