"""`Job`: pods that run to completion, once or on a schedule."""

from .args import CompletionMode, ConcurrencyPolicy, JobArgs, RestartPolicy
from .component import Job
from .policies import (
    ExitCodeOperator,
    ExitCodes,
    PodCondition,
    PodFailureAction,
    PodFailurePolicy,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessRule,
)

__all__ = [
    "CompletionMode",
    "ConcurrencyPolicy",
    "ExitCodeOperator",
    "ExitCodes",
    "Job",
    "JobArgs",
    "PodCondition",
    "PodFailureAction",
    "PodFailurePolicy",
    "PodFailurePolicyRule",
    "RestartPolicy",
    "SuccessPolicy",
    "SuccessRule",
]
