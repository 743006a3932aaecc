"""``python -m pipelines.beam batch|stream|copy FOLDER``: run a pipeline, or copy files, in a process of its own.

Beam brings threads, gRPC and loud logging; here they end with the process, and a crash leaves the flow alive.
``FOLDER`` holds the job (``BatchJob``, ``StreamJob`` or ``CopyJob``) and takes the results. Settings, secrets among
them, come by the environment and so never stand in a list of processes.

Nothing is imported before the guard: worker processes import this module again, and need no Beam.
"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    if sys.argv[1] == "copy":
        from pipelines.beam import remote

        sys.exit(remote.main(Path(sys.argv[2])))

    from pipelines.ingest.pool import start_server

    start_server()  # it imports what workers need while this process imports Beam

    from pipelines.beam import child

    main = {"batch": child.main, "stream": child.stream_main}[sys.argv[1]]
    sys.exit(main(Path(sys.argv[2])))
