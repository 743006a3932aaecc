"""Hook of MkDocs that makes pages of Markdown files outside ``docs`` and fits their links.

The files are read where they stand, so that there is one copy of each text, which a code host shows as well. A link to
a file that is no page of the site (source code, the licence) becomes its text, since the site is not beside the code.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Files outside ``docs``, and the pages that they become."""
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List every record of a decision in the navigation, by its title. MkDocs calls this."""
    for entry in config.nav or ():
        if "Decisions" in entry:
            folder = ROOT / "docs" / "decisions"
            names = ["README.md", "dependencies.md", *(path.name for path in sorted(folder.glob("[0-9]*.md")))]
            entry["Decisions"] = [f"decisions/{name}" for name in names]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the files outside ``docs`` to the site. MkDocs calls this."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the text of a page with links that hold on the site. MkDocs calls this."""
    del config
    here = page.file.src_uri
    source = next((path for path, name in PAGES.items() if name == here), f"docs/{here}")

    def fitted(link: re.Match[str]) -> str:
        path, mark, anchor = link["target"].partition("#")
        if not path or ":" in path:
            return link[0]
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        name = PAGES.get(wanted) or PAGES.get(f"{wanted}/README.md") or wanted.removeprefix("docs/")
        if files.get_file_from_path(name) is None:
            return link["text"] if (ROOT / wanted).exists() else link[0]
        return f"[{link['text']}]({posixpath.relpath(name, posixpath.dirname(here) or '.')}{mark}{anchor})"

    return _LINK.sub(fitted, markdown)
