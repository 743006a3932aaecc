"""Who runs the pipeline and when: the run as a sequence of steps, the Prefect flow over it, the command line.

Only ``prefect_flow`` imports prefect, and only a run with a Prefect server imports that: it costs two seconds.
"""
