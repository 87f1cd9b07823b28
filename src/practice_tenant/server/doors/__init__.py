"""How a request comes in: the sockets, the CONNECT proxy, TLS, and who is let go for stalling."""
