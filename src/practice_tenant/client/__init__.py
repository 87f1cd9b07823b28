"""The practice tenant seen from a program: find it or start it, keep it alive, be led to it, be its teacher."""
