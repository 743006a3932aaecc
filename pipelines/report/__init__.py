"""Reports of a time span, as a self-contained HTML page.

``gather`` reads the store and selects the contents, and ``render`` formats them. The texts and their order are in
``report.html.j2``, the styles in ``report.css``.
"""

from pipelines.report.gather import gather
from pipelines.report.render import render

__all__ = ["gather", "render"]
