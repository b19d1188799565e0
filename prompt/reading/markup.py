"""Markup that chats and web pages put around a prompt and its words, taken off again."""

import html
import re
from typing import Final

_INVISIBLE: Final = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# `&amp;amp;` is what some pages make of an ampersand that was escaped twice.
_ENTITY: Final = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d?);")
_PAGE: Final = re.compile(
    r"</?(?:br|p|b|i|u|em|strong|div|span|code|pre|li|ul|ol)\s*+/?>", re.IGNORECASE
)
_MENTION: Final = re.compile(r"<(?:@[!&]?|#|t:|/[\w -]{1,64}:)\d{1,20}(?::[A-Za-z])?>")
_EMOJI: Final = re.compile(r"<a?:(\w{2,32}):\d{1,20}>", re.ASCII)
_FENCE: Final = re.compile(r"```(?:[A-Za-z]{1,12}\r?\n)?")
_QUOTED: Final = re.compile(r"\n[ \t]*+(?:>{1,3}|-#|#{1,3})[ \t]++")
_NAMED_LINK: Final = re.compile(r"(!?)\[([^\[\]\n]{0,200})\]\(\s*<?(https?://[^\s()<>]++)>?\s*\)")
# One backslash or many before a mark: whatever wrote them, they are no words.
_ESCAPED: Final = re.compile(r"\\(?<!\\\\)\\*+([-–—*_~`|>#.!:<@])")
_IMAGE_ENDS: Final = (".png", ".jp", ".webp", ".gif")
# Only what ends like an image is a link; `a.b/c` may be anything.
_BARE_LINK: Final = re.compile(
    r"(?<![\w/@.=&?%#+-])((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,12}/[^\s<>,]{0,500}?"
    r"\.(?:png|jpe?g|webp|gif))(?![\w.])",
    re.IGNORECASE,
)


def strip_markup(text: str) -> str:
    """``text`` without invisible characters and without the marks of chats and web pages.

    Mentions draw nothing and go; emoji of a server's own become their names; links with a name
    become the name and the link. What people mean by a mark (``**``, ``::``) stays.
    """
    text = _INVISIBLE.sub("", text)
    if "&" in text:
        # Each of these looks only where its mark is: prompts of most people have none.
        text = _ENTITY.sub(lambda entity: html.unescape(f"&{entity[1]};"), text)
    if "<" in text:
        text = _EMOJI.sub(_name_emoji, _MENTION.sub(" ", _PAGE.sub(" ", text)))
    if "](" in text:
        text = _NAMED_LINK.sub(_write_link, text)
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    text = _QUOTED.sub("\n", text) if "\n" in text else text
    return _FENCE.sub("`", text).replace("||", " ").replace("~~", " ")


def complete_links(text: str) -> tuple[str, list[str]]:
    """``text`` with ``https://`` before links to images that lack it, and those links."""
    ends = "/" in text and any(map(text.lower().__contains__, _IMAGE_ENDS))
    links = _BARE_LINK.findall(text) if ends else []
    return (_BARE_LINK.sub(r"https://\1", text) if links else text), links


def _name_emoji(found: re.Match[str]) -> str:
    return found[1].replace("_", " ")


def _write_link(found: re.Match[str]) -> str:
    picture, name, url = found.groups()
    return f"{url} " if picture else f"{name} {url} "
