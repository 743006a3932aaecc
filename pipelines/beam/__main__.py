"""``python -m pipelines.beam batch|stream FOLDER``: run a pipeline in a process of its own.

Beam brings threads, gRPC and loud logging; here they end with the process, and a crash leaves the flow alive.
``FOLDER`` holds the job (``BatchJob`` or ``StreamJob``) and takes the results: see ``pipelines.child_process``.

Nothing is imported before the guard: worker processes import this module again, and need no Beam.
"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    from pipelines.ingest.pool import start_server

    start_server()  # it imports what workers need while this process imports Beam

    from pipelines.beam import child

    main = {"batch": child.main, "stream": child.stream_main}[sys.argv[1]]
    sys.exit(main(Path(sys.argv[2])))
