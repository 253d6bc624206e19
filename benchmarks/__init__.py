"""Speed, always beside what it is compared with, in one run."""
