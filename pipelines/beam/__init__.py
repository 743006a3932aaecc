"""The Beam transforms: they wire the pure functions of the other folders and hold no logic of their own.

``transforms`` are the composites, the same for batch and streaming; ``batch`` is the pipeline of one run;
``python -m pipelines.beam`` runs it, as a process of its own beside the flow.
"""
