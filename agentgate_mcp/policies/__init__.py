"""The shipped policy library: reviewed YAML files and the lock over them."""
