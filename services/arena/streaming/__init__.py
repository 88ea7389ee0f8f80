"""The live feed: one listener, one serialised frame an entry, and the readers of sockets and streams."""
