"""What is done to the data, one folder a step.

The one way through it:

1. ``seeds`` reads seed files and ``fetch`` feeds and pages; both give ``Capture`` records, of which ``collect`` takes
   what is new.
2. ``archive`` writes every capture to a WARC file. Everything after this reads the archive only.
3. ``extract`` turns a capture into title, lines and metadata; ``clean`` drops the lines that are not the story's.
4. ``identify`` gives the article its id (hash of the canonical URL) and merges it with earlier revisions.
5. ``dedup`` and ``stories`` say how alike the fingerprints of two articles are; ``grouping`` makes copy groups and
   stories of that and of what the store remembers.
6. ``alerts`` finds the rules that match an article and makes one alert for each rule and story.
7. ``stores`` keeps all of it, in SQLite or in Elasticsearch, behind one protocol.
8. ``notify`` delivers what the outbox holds.
9. ``report`` tells what the store holds of a span of time, as an HTML page; ``kibana`` makes the dashboards.

``ingest`` puts steps 3 to 7 together for a batch of captures, in worker processes; ``beam`` wires that as Beam
transforms, for runs and for streams, and holds no logic of its own. ``lineage`` tells, of what is stored, where a text
comes from and who had it first. ``telemetry`` tells machines how it goes, ``java`` runs what is written in Java.
``flows`` says when it all runs.
"""
