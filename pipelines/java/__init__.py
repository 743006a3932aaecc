"""Programs in Java from Python packages alone: pinned jars from Maven repositories, and processes that outlive us.

``jars`` fetches and checks; ``detached`` knows whether a process of ours lives. What is run with them is the local
Elasticsearch (``stores.local_node``) and Flink (``beam.flink``).
"""
