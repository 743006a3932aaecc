"""The processing of articles: one folder for each step.

The main path, in order:

1. ``seeds`` reads seed files; ``fetch`` reads feeds and pages. Both give ``Capture`` records, of which ``collect``
   takes the new ones.
2. ``archive`` writes every capture to a WARC file. Every later step reads the archive only.
3. ``extract`` turns a capture into title, lines and metadata. ``clean`` drops the lines that are not part of the story.
4. ``identify`` gives the article its id (hash of the canonical URL) and merges it with earlier revisions.
5. ``likeness`` computes how alike the fingerprints of two articles are. ``grouping`` makes copy groups and stories from
   these similarities and from what the store remembers.
6. ``rules`` finds the rules that match an article. ``alerts`` makes one alert for each rule and story.
7. ``stores`` keeps all of it, in SQLite or in Elasticsearch, behind one protocol.
8. ``notify`` delivers the messages in the outbox.
9. ``report`` makes an HTML page about a span of time; ``kibana`` makes the dashboards.

``ingest`` applies steps 3 to 7 to a batch of captures, in worker processes. ``beam`` wires it as Beam transforms, for
runs and for streams, and holds no logic of its own. ``lineage`` answers, from stored records, where a text comes from
and who published it first. ``text`` holds the primitives that several steps use to read text. ``telemetry`` writes
logs, metrics and traces; ``java`` runs programs written in Java. The package ``flows`` decides when all of this runs.

The order of the layers is a contract in ``pyproject.toml``: each folder imports lower layers only.
"""
