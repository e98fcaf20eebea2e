"""AWS for tests: AWS's own model and moto, in this process, check what a program registers.

    from pulumi_portico.testing import record
    from pulumi_portico.testing.aws import AwsModel

    def test_the_balancer_is_one_that_aws_takes():
        with AwsModel() as aws:
            subnets = aws.subnets(2)
            record(lambda: make_balancer(subnets), aws=aws)

Each `aws:` resource becomes the call that the provider would make. Its arguments are held against botocore's model of
the service (required members, types, choices, lengths, ranges, patterns) and against what AWS documents beyond that;
moto then makes it, and its real id and ARN go on to what names it. What AWS would refuse raises `AwsRefusal`, with the
resource, the call and the reason; a resource or field that this does not know is a LookupError, never passed over.
`unproved` lists what was held against the model alone, as moto has no such thing. `compare` runs a changed program on
what the first has made. See docs/testing.md.

Needs the extra `testing-aws` (boto3 and moto).
"""

from .changes import Changes
from .model import AwsModel
from .refusal import AwsRefusal

__all__ = ["AwsModel", "AwsRefusal", "Changes"]
