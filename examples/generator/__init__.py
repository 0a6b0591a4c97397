"""Builds the example incident: records, their S3 layout and the baseline. Standard library only."""
