"""The example of an outside project is run as one: in a process of its own, by `test_plugin`."""

collect_ignore = ["outside"]
