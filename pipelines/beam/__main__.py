"""``python -m pipelines.beam batch|stream FOLDER``: run a pipeline in a process of its own.

Beam starts threads and gRPC, and logs much. In a process of its own all of these end with it, and a crash leaves the
flow alive. ``FOLDER`` holds the job (``BatchJob`` or ``StreamJob``) and receives the results: see
``pipelines.child_process``.

Nothing is imported before the guard: worker processes import this module again, and do not need Beam.
"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    from pipelines.ingest.pool import start_server

    start_server()  # it imports what workers need while this process imports Beam

    from pipelines.beam import child

    main = {"batch": child.main, "stream": child.stream_main}[sys.argv[1]]
    sys.exit(main(Path(sys.argv[2])))
