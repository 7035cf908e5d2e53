"""One command, one module: read files, call the layers below, write files."""
