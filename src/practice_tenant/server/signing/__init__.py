"""The signing keys of every directory, and the process that signs with them."""
