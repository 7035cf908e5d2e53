"""A trained model as a folder and as arrays; needs no paddle."""
