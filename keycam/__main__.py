"""`python -m keycam` is `keycam`."""

from keycam.command import main

if __name__ == "__main__":
    main()
