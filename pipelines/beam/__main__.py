"""``python -m pipelines.beam FOLDER``: run the batch pipeline in a process of its own.

Beam brings threads, gRPC and loud logging; here they end with the process, and a crash leaves the flow alive.
``FOLDER`` holds the job (``pipelines.beam.launch.BatchJob``) and takes the results. Settings, secrets among
them, come by the environment and so never stand in a list of processes.

Nothing is imported before the guard: worker processes import this module again, and need no Beam.
"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    from pipelines.ingest.pool import start_server

    start_server()  # it imports what workers need while this process imports Beam

    from pipelines.beam.child import main

    sys.exit(main(Path(sys.argv[1])))
