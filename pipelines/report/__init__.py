"""What happened in a span of time, as one HTML page that needs nothing else.

``gather`` reads the store and decides what is told, ``render`` writes it down; the words and their order are in
``report.html.j2``, the looks in ``report.css``.
"""

from pipelines.report.gather import gather
from pipelines.report.render import render

__all__ = ["gather", "render"]
