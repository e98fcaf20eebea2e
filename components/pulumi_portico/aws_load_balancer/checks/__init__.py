"""The checks of a load balancer that Pulumi owns: what AWS would refuse, or ignore, is refused before anything is
made."""
