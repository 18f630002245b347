"""What a study tells its raters: Markdown of its makers, as HTML that can do nothing but be read.

Of Markdown only what is named here is understood; all else, HTML and images among it, is text. So whatever
anybody writes, no page loads anything for it and no script runs.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

BLOCKS = ("heading", "list", "blockquote", "hr")
INLINE = ("newline", "escape", "backticks", "emphasis", "link", "autolink")
LINK = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
"""Addresses that say where they lead: none within this server, none that a browser would run."""
DEEPEST = 20


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"maxNesting": DEEPEST}).enable([*BLOCKS, *INLINE])
    parser.validateLink = lambda address: LINK.fullmatch(address) is not None  # type: ignore[method-assign]
    return parser


_PARSER = _parser()


@lru_cache(maxsize=256)
def to_html(text: str) -> str:
    """A text as HTML. Each of its lines is a paragraph, as it was before texts were Markdown.

    >>> to_html("Please *look*.")
    '<p>Please <em>look</em>.</p>\\n'
    """
    tokens = list(_lines_apart(_PARSER.parse(text)))
    _lower_headings(tokens)
    _confine_links(tokens)
    return _PARSER.renderer.render(tokens, _PARSER.options, {})


@lru_cache(maxsize=256)
def one_paragraph(text: str) -> str | None:
    """The HTML of a text that is a single paragraph, without the paragraph's own tags; else ``None``."""
    tokens = list(_lines_apart(_PARSER.parse(text)))
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        return None
    _confine_links(tokens)
    return _PARSER.renderer.render(tokens[1:2], _PARSER.options, {})


def _lines_apart(tokens: list[Token]) -> Iterator[Token]:
    """Paragraphs that end where their lines do; within a list or an emphasis they stay whole."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type != "inline" or token.level != 1 or before is None or before.tag != "p":
            yield token
            continue
        line: list[Token] = []
        for child in token.children or []:
            if child.type == "softbreak" and child.level == 0:
                yield _inline(line)
                yield Token("paragraph_close", "p", -1, block=True)
                yield Token("paragraph_open", "p", 1, block=True)
                line = []
            else:
                line.append(child)
        yield _inline(line)


def _inline(children: list[Token]) -> Token:
    return Token("inline", "", 0, level=1, children=children, block=True)


def _lower_headings(tokens: list[Token]) -> None:
    """Below the page's own heading, and without a gap: who listens to a page finds her way by them."""
    used = sorted({token.tag for token in tokens if token.type == "heading_open"})
    level = 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(used.index(token.tag) + 2, level + 1, 6)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{level}"


def _confine_links(tokens: list[Token]) -> None:
    for token in tokens:
        for child in token.children or []:
            if child.type == "link_open":
                child.attrSet("target", "_blank")
                child.attrSet("rel", "noopener noreferrer")
