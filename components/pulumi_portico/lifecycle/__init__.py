"""What every load balancer shares over its life: names that it claims, replacement, hooks, and cost."""
