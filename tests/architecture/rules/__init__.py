"""One rule a module: a pure function from a tree to its violations, each a line that begins with the file."""
