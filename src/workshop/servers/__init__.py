"""The working MCP servers of the workshop: made to be copied into a service of your own.

Nothing here imports the rest of ``workshop``.
"""

import os
import sys

# FastMCP's store writes its files with caio. On Linux that picks io_uring with a thread of the kernel that polls: it
# takes a whole core for seconds after each file, and whoever waits for a file waits behind it on a busy machine.
# Source: https://github.com/mosquito/caio (CAIO_IMPL)
if sys.platform == "linux":
    os.environ.setdefault("CAIO_IMPL", "thread")
