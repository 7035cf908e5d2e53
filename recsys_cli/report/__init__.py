"""Numbers to one page with pictures: what was learnt, and how good it is."""
