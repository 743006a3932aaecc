"""Apache Flink from Python packages and Maven jars alone: no container, no installed Java.

``install`` fetches what is pinned. Beam's own ``FlinkRunner`` starts the job server of it, with a Flink inside
(``[local]``) or before a cluster; ``cluster`` starts a standalone one of real processes on this machine, for tests and
trial. A team has a Flink of its own, and names it.
"""
