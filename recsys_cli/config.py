"""Every option and its default, checked where it is built."""
