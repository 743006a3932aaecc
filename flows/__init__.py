"""Orchestration of the pipeline: a run as a sequence of steps, the Prefect flows around it, the command line.

The command line imports ``prefect_flow``, and so Prefect, only if a Prefect server is configured: the import takes two
seconds.
"""
