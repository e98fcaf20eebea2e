"""A load balancer owned by Pulumi: AWS's own resources, which clusters join by target groups."""
