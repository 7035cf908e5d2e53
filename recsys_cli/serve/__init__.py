"""Questions over HTTP: the same words, answers and errors as on the command line. The only home of FastAPI."""
