"""The shared working servers, seen from outside: real clients over HTTP, real processes."""
