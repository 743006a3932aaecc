"""Java programs from Python packages alone: pinned jars of Maven repositories, processes that outlive their caller.

``jars`` fetches and verifies jars; ``detached`` controls the processes. The programs are the local Elasticsearch
(``stores.local_node``) and Flink (``beam.flink``).
"""
