"""What workloads share: their pods, and how those run. Components and installed controllers build on it."""
