"""What the pages of keycam's reports share."""
