"""What authors and CI use, from a clone: tests, benchmarks, the lock, wheels, notebooks from solutions."""
