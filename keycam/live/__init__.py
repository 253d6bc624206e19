"""`keycam live`: a keyed camera to look at, on a page in the browser, in a window, or without either."""
