"""Batch: recorded videos and pictures through camera and keyed network, resumable, on one machine or many; docs/batch.md."""
