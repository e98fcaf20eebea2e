"""What connects workloads: targets, the ports of Services, peers, and NetworkPolicies."""
