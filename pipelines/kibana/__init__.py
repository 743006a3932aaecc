"""Kibana dashboards: a description (``infra/kibana/dashboards.yaml``), its conversions, and their installation.

``description`` reads and validates the file. ``saved_objects`` converts it to saved objects (NDJSON, for Kibana 8.9 and
later), ``dashboards_api`` to requests of the Dashboards API of 9.5, and ``alerting`` to rules. ``server`` installs them
on a Kibana. ``aggregation`` gives the search of a panel, for tests without a Kibana.
"""
