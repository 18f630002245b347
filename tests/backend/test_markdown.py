"""What a study's makers write, as raters read it: Markdown that loads nothing and runs nothing."""

import re
from html.parser import HTMLParser

import pytest

from backend.studies import editing, lifecycle
from backend.studies.markdown import one_paragraph, to_html
from backend.studies.options import TEXT_LENGTH, StudyTexts
from tests.backend.conftest import hidden
from tests.support import everything

SETTINGS = "/admin/studies/1/settings"
TAGS = {
    *(f"h{n}" for n in range(2, 7)),
    "p",
    "br",
    "ul",
    "ol",
    "li",
    "em",
    "strong",
    "a",
    "code",
    "blockquote",
    "hr",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <IMG SRC='https://else.where/x.png'>",
    "<iframe src=//else.where></iframe><style>*{display:none}</style><base href=//else.where>",
    "![tracked](https://else.where/pixel.png) ![](data:image/svg+xml;base64,PHN2Zz4=)",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](java\tscript:x) [d](jav&#x61;script:x)",
    "[e](data:text/html,<script>alert(1)</script>) [f](vbscript:x) [g](file:///etc/passwd)",
    "[h](/admin) [i](//else.where) [j](admin) [k](#x) [l](?x) [m](\\\\else.where)",
    '[n](https://a.b/"onmouseover="alert(1) "t\\"onclick=\\"x")',
    "<javascript:alert(1)> <data:text/html,x>",
    "[o]: javascript:alert(1)\n\n[o]",
    "&lt;script&gt; &#60;script&#62;",
    "{{ 7 * 7 }} {% if x %}",
    "```\n<b>\n```\n\n    <script>",
    ">" * TEXT_LENGTH,
    "[" * TEXT_LENGTH,
    "[a](" * (TEXT_LENGTH // 4),
    "*a _b " * (TEXT_LENGTH // 6),
    "".join(f"{'  ' * level}- x\n" for level in range(100)),
    "\u202e\u0000 <\u0000script>",
]
on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


class Read(HTMLParser):
    """The tags of a piece of HTML, and its links with all their attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.others, self.text = set(), [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attrs))
        else:
            self.others += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_hostile_gets_through(text):
    for html in (to_html(text), one_paragraph(text) or ""):
        read = Read(html)
        assert read.tags <= TAGS
        assert read.others == []
        for link in read.links:
            assert re.match(r"(https?://|mailto:)", link["href"])
            assert set(link) <= {"href", "title", "rel", "target"}
            assert (link["rel"], link["target"]) == ("noopener noreferrer", "_blank")


def test_what_makers_need_is_there():
    html = to_html(
        "# Why\n\n**Please** *look*, `so`. [Us](https://example.org/?a=1&b=2), <a@b.de>\n\n"
        "- one\n- two\n\n3. three\n\n> said\n\n---\n\n###### Small\n\n## Middle"
    )
    read = Read(html)
    assert read.tags == {"h2", "h3", "p", "strong", "em", "code", "a", "ul", "ol", "li", "blockquote", "hr"}
    assert [link["href"] for link in read.links] == ["https://example.org/?a=1&b=2", "mailto:a@b.de"]
    assert read.others == [("start", "3")]


@pytest.mark.parametrize(
    "text",
    [
        "One line.",
        "First line.\nSecond line.",
        "First.\n\n\nSecond.\nThird 2 * 3 * 4, a_b_c & <d>.",
        "  In.\n    Far in.",
    ],
)
def test_plain_texts_look_as_they_did(text):
    """Each of their lines was a paragraph."""
    paragraphs = re.findall(r"<p>(.*?)</p>", to_html(text))
    assert [Read(one).text for one in paragraphs] == [
        line.strip() for line in text.split("\n") if line.strip()
    ]
    assert Read(to_html(text)).tags == {"p"}


def test_a_single_paragraph_fits_into_a_label():
    assert one_paragraph("I *agree*.") == "I <em>agree</em>."
    for several in ("I agree.\nReally.", "- I agree.", "# I agree"):
        assert one_paragraph(several) is None


@on_sqlite
def test_raters_read_markdown_where_a_study_says_something(world, browser):
    texts = StudyTexts(
        introduction="See **this**:\n\n- one", consent="I *agree*.", thanks="[More](https://e.org)"
    )
    with world.database.write() as session:
        editing.change_texts(session, 1, "en", texts)
    base = f"/r/{world.link['ED1']}"
    page = browser.get(base).text
    assert "<p>See <strong>this</strong>:</p>\n<ul>\n<li>one</li>" in page
    assert "<span>I <em>agree</em>.</span>" in page
    assert 'id="terms"' not in page
    with world.database.write() as session:
        editing.change_texts(
            session, 1, "en", texts.model_copy(update={"consent": "# Terms\n\nAll of them."})
        )
    page = browser.get(base).text
    assert "<h2>Terms</h2>\n<p>All of them.</p>" in page
    assert 'aria-describedby="terms"' in page
    assert "I have read this and agree." in page
    browser.post(f"{base}/start", data={"agree": "yes"})
    browser.post(f"{base}/submit", data={"leave_unanswered": "yes"})
    assert (
        'href="https://e.org" target="_blank" rel="noopener noreferrer">More</a>'
        in browser.get(f"{base}/done").text
    )


@on_sqlite
def test_a_copy_of_a_study_has_the_text_and_not_what_became_of_it(world):
    with world.database.write() as session:
        editing.change_texts(session, 1, "en", StudyTexts(introduction="See **this** <b>."))
        copy = lifecycle.duplicate(session, 1)
        assert copy.texts["en"]["introduction"] == "See **this** <b>."


@on_sqlite
def test_texts_are_previewed_without_being_saved(world, admin):
    before = everything(world, {"admin_sessions"})
    page = admin.get(SETTINGS).text
    form = {"csrf": hidden(page, "csrf"), "version": hidden(page, "version"), "title_de": "Neu"}
    form |= {"introduction_en": "See **this**. <script>", "thanks_de": "*Danke*", "zoom": "no"}
    page = admin.post(f"{SETTINGS}/preview", data=form).text
    assert "<p>See <strong>this</strong>. &lt;script&gt;</p>" in page
    assert "<p><em>Danke</em></p>" in page
    assert "Nothing has been saved yet" in page
    assert ">See **this**. &lt;script&gt;</textarea>" in page
    assert 'value="Neu"' in page
    assert everything(world, {"admin_sessions"}) == before
    assert admin.post(f"{SETTINGS}/preview", data=form | {"csrf": "0" * 64}).status_code == 409


@on_sqlite
def test_who_previews_is_still_told_of_anothers_change(world, admin):
    page = admin.get(SETTINGS).text
    form = {"csrf": hidden(page, "csrf"), "version": hidden(page, "version"), "thanks_en": "Mine"}
    with world.database.write() as session:
        editing.change_texts(session, 1, "en", StudyTexts(thanks="Hers"))
    page = admin.post(f"{SETTINGS}/preview", data=form).text
    reply = admin.post(SETTINGS, data=form | {"version": hidden(page, "version")})
    assert reply.status_code == 422
    assert "changed this study while you did" in reply.text
