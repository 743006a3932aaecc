"""Feed lists as people and programs write them: every address is taken, and what is not is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ConfigurationError
from pipelines.fetch.feed_list import FeedList, read_feed_list
from pipelines.fetch.sources import feed_source, format_feed_list

A, B, C = "https://a.example/f", "https://b.example/f?x=1&y=2", "http://c.example/rss"


def opml(inside: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    return f'{head}<opml version="1.0"><head><title>Mine</title></head><body>{inside}</body></opml>'


def read(text: str | bytes, name: str = "list.opml") -> FeedList:
    return read_feed_list(text.encode() if isinstance(text, str) else text, name)


def urls(listed: FeedList) -> list[str]:
    return [source.url for source in listed.sources]


BROKEN = {
    "bare ampersands": f'<outline text="Sea & Air" xmlUrl="{A}"/><outline text="B" xmlUrl="{B}"/>',
    "quotes in a title": f'<outline text="The "Sea" Post" title="x" xmlUrl="{A}" /><outline xmlUrl="{B}" text="a"b"/>',
    "quotes around one word": f'<outline text=""Sea" Post" xmlUrl="{A}"/><outline text="B" xmlUrl=\'{B}\'/>',
    "no quotes": f'<outline text=Sea xmlUrl={A} /><outline text="B" xmlUrl="{B}"/>',
    "a missing quote": f'<outline text="Sea" xmlUrl="{A} /><outline text="B" xmlUrl="{B}"/>',
    "angle brackets in a title": f'<outline text="Sea <new>" xmlUrl="{A}"/><outline text="B" xmlUrl="{B}"/>',
    "an element that is not closed": f'<outline text="Sea"><outline xmlUrl="{A}"><outline text="B" xmlUrl="{B}"/>',
    "a name of HTML": f'<outline text="Sea&nbsp;Post &eacute;" xmlUrl="{A}"/><outline xmlUrl="{B}"/>',
    "a control character": f'<outline text="Sea\x0b" xmlUrl="{A}"/><outline xmlUrl="{B}"/>',
}


@pytest.mark.parametrize("inside", BROKEN.values(), ids=BROKEN.keys())
def test_broken_opml_gives_every_address(inside: str) -> None:
    listed = read(opml(inside))
    assert urls(listed) == [A, B]
    assert listed.left_out == ()
    assert "not well-formed" in listed.repaired[0]


def test_titles_and_tags_outlive_a_repair() -> None:
    inside = (
        '<outline text="Sea & "Air""><outline title="Navy"><outline text="The "Sea" Post" xmlUrl="https://a.example/f"/>'
        '</outline></outline><outline text="R&amp;D" xmlUrl="https://b.example/f"/>'
    )
    first, second = read(opml(inside)).sources
    assert (first.title, first.tags) == ('The "Sea" Post', ('Sea & "Air"', "Navy"))
    assert (second.title, second.tags) == ("R&D", ())


@pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "XMLURL", "XmlUrl"])
def test_names_of_attributes_are_read_in_any_case(name: str) -> None:
    assert urls(read(opml(f'<OUTLINE TEXT="A" {name}="{A}"/>'))) == [A]
    assert urls(read(opml(f'<outline TEXT="A & B" {name}="{A}"/>'))) == [A]


def test_outlines_around_a_feed_and_its_categories_are_tags() -> None:
    listed = read(
        opml(
            f'<outline text="Sea"><outline text="North"><outline text="A" xmlUrl="{A}" category="/x/y,z"/></outline>'
            f'<outline text="C" xmlUrl="{C}"/></outline><outline text="Air"><outline text="A" xmlUrl="{A}"/></outline>'
        )
    )
    assert [(one.url, one.tags) for one in listed.sources] == [(A, ("Sea", "North", "x/y", "z", "Air")), (C, ("Sea",))]
    assert listed.repaired == (f"{A} is listed more than once",)
    for form in ("opml", "toml", "yaml"):
        again = read(format_feed_list(listed.sources, form), f"list.{form}")
        assert [(one.url, one.tags) for one in again.sources] == [(one.url, one.tags) for one in listed.sources]


def test_what_is_left_out_is_said_with_its_place_and_without_passwords() -> None:
    listed = read(
        opml(
            f'<outline text="A" xmlUrl="{A}"/><outline text="Old" xmlUrl="ftp://me:secret@old.example/f"/>'
            '<outline text="Nothing" type="rss"/><outline text="A folder"/><outline type="link" url="https://x.example"/>'
        )
    )
    assert urls(listed) == [A]
    assert len(listed.left_out) == 2
    assert "feed 2 Old" in listed.left_out[0]
    assert "secret" not in str(listed.left_out)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("a.example/f", "https://a.example/f"),
        ("www.a.example", "https://www.a.example"),
        ("//a.example/f", "https://a.example/f"),
        ("feed://a.example/f", "https://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        ("feed:http://a.example/f", "http://a.example/f"),
        ("HTTP://a.example/f", "HTTP://a.example/f"),
        ("  https://a.example/f  ", "https://a.example/f"),
        ("127.0.0.1:8080/f", "https://127.0.0.1:8080/f"),
    ],
)
def test_addresses_without_a_scheme(written: str, url: str) -> None:
    expected = [feed_source(url).url]
    assert urls(read(opml(f'<outline xmlUrl="{written}"/>'))) == expected
    assert urls(read(f"# mine\n{written}\n", "list.txt")) == expected
    assert urls(read(f"- '{written}'\n", "list.yaml")) == expected
    assert urls(read(f'[[feeds]]\nurl = "{written}"\n', "list.toml")) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("declared", [True, False])
def test_encodings(encoding: str, declared: bool) -> None:  # noqa: FBT001 - a parameter of the test
    title = "Военные новости и обзоры флота"
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>' if declared else ""
    inside = "".join(f'<outline text="{title}" xmlUrl="https://{name}.example/f"/>' for name in "abc")
    listed = read(opml(inside, head).encode(encoding))
    assert len(listed.sources) == 3
    assert listed.sources[0].title == title
    lines = f"# {title}\n{A}\n".encode(encoding)
    assert urls(read(lines, "list.txt")) == [A]
    tables = f'# {title}\n[[feeds]]\nurl = "{A}"\ntitle = "{title}"\n'.encode(encoding)
    assert read(tables, "list.toml").sources[0].title == title


def test_a_declaration_that_is_wrong() -> None:
    text = opml(f'<outline text="Übersee" xmlUrl="{A}"/>', '<?xml version="1.0" encoding="utf-16"?>')
    assert read(text).sources[0].title == "Übersee"


def test_lines_of_text() -> None:
    listed = read(
        f'# a comment\n\n{A}\n- {B}\nThe Sea Post, {C}\n<https://d.example/f>\nhttps://e.example/f "navy" "~Sea"\n'
        "exec:~/bin/feed\nf.example/rss The Sixth\n",
        "list.txt",
    )
    assert urls(listed) == [A, B, C, "https://d.example/f", "https://e.example/f", "https://f.example/rss"]
    assert [fault.partition(" is ")[0] for fault in listed.left_out] == ["list.txt: line 8: 'exec:~/bin/feed'"]
    assert all(": line " in fault for fault in listed.repaired)


BROKEN_TOML = f"""
[[feeds]]
url = "{A}"
[[feeds]]
url = "{B}"
pages = false
[[feeds]]
title = "x
[[feeds]]
url = "{C}"
"""


def test_addresses_in_a_row() -> None:
    for text, name in (
        (f"{A},{C}\n", "l.txt"),
        (f"{A} {C}\n", "l.txt"),
        (f"{A}\n{C}\n", "l.yaml"),
        (f"feeds:\n  {A}\n  {C}\n", "l.yaml"),
    ):
        assert urls(read(text, name)) == [A, C], text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"feeds:\n- {A}\n- {{url: '{B}', pages: false}}\n- url: [broken\n- url: {C}\n", "list.yaml"),
        (f"- {A}\n- url: '{B}'\n  pages: false\n-\ttitle: x: y\n- {C}\n", "list.yml"),
        (BROKEN_TOML, "list.toml"),
    ],
)
def test_a_broken_list_is_read_entry_by_entry(text: str, name: str) -> None:
    listed = read(text, name)
    assert urls(listed) == [A, B, C]
    assert [source.pages for source in listed.sources] == [True, False, True]
    assert "entry by entry" in listed.repaired[0]
    assert len(listed.left_out) == 1


def test_of_a_broken_entry_the_address_is_taken() -> None:
    listed = read(f'[[feeds]]\nurl = "{A}"\ntitle = "x\n[[feeds]]\nurl = "{B}"\n', "list.toml")
    assert urls(listed) == [A, B]
    assert any("only the address" in fault for fault in listed.repaired)


def test_an_entry_that_is_none_does_not_end_the_list() -> None:
    listed = read(f"- 5\n- {A}\n- {{title: x}}\n- url: ftp://x.example/f\n- {{XMLURL: {C}}}\n", "list.yaml")
    assert urls(listed) == [A, C]
    assert len(listed.left_out) == 3


@pytest.mark.parametrize(
    ("data", "name"), [("", "l.txt"), ("# nothing\n", "l.txt"), ("{}", "l.yaml"), ("x = [", "l.toml"), ("<opml/>", "l")]
)
def test_a_list_without_an_address_is_an_error(data: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match="the list has no feed"):
        read(data, name)


TITLES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t\x85\u2028\u2029", exclude_categories=["Cc", "Zs"]), min_size=1)  # fmt: skip # noqa: E501


@given(TITLES.filter(lambda text: "=" not in text and "<" not in text and ">" not in text))
def test_no_title_hides_an_address(title: str) -> None:
    """Whatever stands unescaped in a title, its address and that of the next outline are read."""
    listed = read(opml(f'<outline text="{title}" xmlUrl="{A}"/><outline text="B" xmlUrl="{B}"/>'))
    assert urls(listed) == [A, B]


@given(st.binary(max_size=300), st.sampled_from(["l.opml", "l.txt", "l.toml", "l.yaml"]))
def test_any_bytes_are_a_list_or_an_error(data: bytes, name: str) -> None:
    for document in (data, b"<opml><body>" + data + b"</body></opml>"):
        try:
            assert read(document, name).sources
        except ConfigurationError:
            continue
