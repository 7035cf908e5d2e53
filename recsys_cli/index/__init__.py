"""A movie file to an index that is never stale."""
