"""The Beam transforms: they wire the pure functions of the other folders and hold no logic of their own.

``transforms`` has the composites, the same for batch and streaming. ``batch`` is the pipeline of one run, ``stream``
the endless one. ``python -m pipelines.beam`` runs them, in a process separate from the flow.
"""
