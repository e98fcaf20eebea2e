"""The checks of an `AwsLoadBalancer`: what AWS would reject or ignore is rejected before anything is created."""
