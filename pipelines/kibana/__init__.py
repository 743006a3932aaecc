"""Kibana dashboards: one description (``infra/kibana/dashboards.yaml``), two forms of it, and putting them on a server.

``description`` reads and checks the file. ``saved_objects`` makes saved objects of it (NDJSON, any Kibana since 8.9),
``dashboards_api`` what the Dashboards API of 9.5 takes. ``server`` puts either on a Kibana.
"""
