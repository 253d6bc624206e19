"""One script for each published table or figure, with its recorded result."""
