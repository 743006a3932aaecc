"""Apache Flink from Python packages and Maven jars alone: no container, no installed Java.

``install`` fetches the pinned files. Beam's own ``FlinkRunner`` starts their job server, with an embedded Flink
(``[local]``) or as client of a cluster. ``cluster`` starts a standalone cluster of processes on this machine, for tests
and trials. A team uses a Flink cluster of its own, which the settings name.
"""
