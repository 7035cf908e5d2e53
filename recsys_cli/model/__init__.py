"""The towers, their training and the folder they leave. The only home of paddle."""
