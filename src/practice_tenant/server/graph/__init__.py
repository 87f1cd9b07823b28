"""What ``graph.microsoft.com`` answers."""
