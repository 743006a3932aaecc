"""Sitemaps behind an index, as a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.taking import take
from tests.http_server import Answer, WebServer

if TYPE_CHECKING:
    from pathlib import Path

NEWS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def index(web: WebServer, *children: tuple[str, str]) -> str:
    told = "".join(f"<sitemap><loc>{web.url}{path}</loc><lastmod>{day}</lastmod></sitemap>" for path, day in children)
    web.routes["/index.xml"] = Answer(f"<sitemapindex {NEWS}>{told}</sitemapindex>".encode())
    return f"{web.url}/index.xml"


def sitemap(web: WebServer, path: str, *pages: str) -> None:
    told = "".join(
        f"<url><loc>{web.url}{page}</loc><news:news><news:title>Report {page}</news:title></news:news></url>"
        for page in pages
    )
    web.routes[path] = Answer(f"<urlset {NEWS}>{told}</urlset>".encode())
    for page in pages:
        web.page(page, f"Report {page}", "The whole text of it.")


def test_the_news_sitemaps_behind_an_index_are_read(tmp_path: Path) -> None:
    with WebServer() as web:
        url = index(web, ("/archive.xml", "2026-06-09"), ("/news-1.xml", "2026-06-01"), ("/news-2.xml", "2026-06-08"))
        sitemap(web, "/news-1.xml", "/a", "/b")
        sitemap(web, "/news-2.xml", "/b", "/c")
        taken, _ = take(tmp_path, [url])
        assert taken.failed == []
        assert {path: web.requests[path] for path in ("/a", "/b", "/c")} == {"/a": 1, "/b": 1, "/c": 1}
        assert web.requests["/archive.xml"] == 0


def test_of_a_large_index_the_latest_are_read_and_no_more_than_five(tmp_path: Path) -> None:
    with WebServer() as web:
        children = [(f"/part-{number}.xml", f"2026-01-{number:02}") for number in range(1, 29)]
        url = index(web, *children)
        sitemap(web, "/part-28.xml", "/a")
        taken, _ = take(tmp_path, [url])
        assert taken.failed == []
        asked = {path for path in web.requests if path.startswith("/part")}
        assert asked == {f"/part-{number}.xml" for number in range(24, 29)}


def test_an_index_without_news_and_one_behind_another_are_refused(tmp_path: Path) -> None:
    with WebServer() as web:
        url = index(web, ("/index.xml", "2026-06-01"))
        taken, _ = take(tmp_path, [url])
        assert [one.reason for one in taken.failed] == ["sitemap_index"]
        assert web.requests["/index.xml"] == 2
