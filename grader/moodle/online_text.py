"""Moodle's online text, which is HTML, as the text that the student typed.

Trusted side; pure. The standard library's parser takes quadratic time for tags that do not end, and raises on
some declarations, so this is one pass of its own: each search for an end is made once, or goes on from there.
"""

import html
import re

_BREAKS = {"p", "div", "br", "li", "pre", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}
_VERBATIM = {"pre", "textarea"}
_SILENT = {"script", "style", "head", "title"}
# What is in these holds no tags, only their own end.
_CODE = {tag: re.compile(f"</{tag}", re.IGNORECASE) for tag in ("script", "style")}
_ANY_TAG = re.compile(
    r"</?(?:p|div|br|span|pre|code|html|body|ul|ol|li|h[1-6]|table|b|i|strong|em)\b[^<>]*+>", re.IGNORECASE
)
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,19})")
_QUOTE_OR_END = re.compile(r"[\"'>]")
# `html.unescape` makes an integer of all digits of a reference, and fails from 4,300 digits on.
_LONG_REFERENCE = re.compile(r"&(?=#[0-9]{8})")


class _Page:
    """Finds where the parts of a page end; what is not found once is not looked for again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._absent: set[str] = set()
        self._quotes = True

    def find(self, what: str, start: int) -> int:
        """Return where a string begins from a place on; -1 if nowhere."""
        if what in self._absent:
            return -1
        place = self.text.find(what, start)
        if place < 0:
            self._absent.add(what)
        return place

    def tag_end(self, start: int) -> int:
        """Return where the ``>`` of a tag is, not one in quotes; -1 if nowhere."""
        place = start
        while self._quotes:
            found = _QUOTE_OR_END.search(self.text, place)
            if found is None:
                break
            if found[0] == ">":
                return found.start()
            place = self.text.find(found[0], found.end()) + 1
            if not place:
                break
        # The quotes do not add up: from here on they are letters like others.
        self._quotes = False
        return self.find(">", start)


class _Text:
    """The text that a page shows, in the making."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._open = {"verbatim": 0, "silent": 0}

    def tag(self, name: str, *, is_end: bool) -> None:
        for kind, names in (("verbatim", _VERBATIM), ("silent", _SILENT)):
            if name in names:
                self._open[kind] = max(0, self._open[kind] + (-1 if is_end else 1))
        if name in _BREAKS and not (name == "br" and is_end):
            self._break(always=name == "br")

    def data(self, text: str) -> None:
        if self._open["silent"]:
            return
        text = html.unescape(_LONG_REFERENCE.sub("&amp;", text))
        if not self._open["verbatim"]:
            if not text.strip(" \t\n"):
                text = text.replace("\n", "")
            elif not self.parts or self.parts[-1].endswith("\n"):
                text = text.removeprefix("\n")  # the editor's own line end behind a tag
        if text:
            self.parts.append(text)

    def _break(self, *, always: bool) -> None:
        if always or (self.parts and not self.parts[-1].endswith("\n")):
            self.parts.append("\n")


def html_to_text(text: str) -> str:
    r"""Return the text of a page, one line for each line shown; plain text comes back unchanged.

    Examples
    --------
    >>> html_to_text("<p>def f():<br>&nbsp; &nbsp; return 1 &lt; 2</p>")
    'def f():\n    return 1 < 2\n'
    """
    if not _ANY_TAG.search(text):
        return text
    shown = _Text()
    page = _Page(text)
    data, place = 0, text.find("<")  # where text begins, and the next sign that may end it
    while place >= 0:
        end = _end(page, place)
        if end < 0:
            place = text.find("<", place + 1)  # a sign like others
            continue
        if data < place:
            shown.data(text[data:place])
        name = _NAME.match(text, place)
        if name:
            tag, is_end = name[1].lower(), text[place + 1] == "/"
            shown.tag(tag, is_end=is_end)
            if tag in _CODE and not is_end:
                found = _CODE[tag].search(text, end)
                end = found.start() if found else len(text)
        data = end
        place = text.find("<", end)
    if data < len(text):
        shown.data(text[data:])
    return "".join(shown.parts).replace("\xa0", " ").rstrip() + "\n"


def _end(page: _Page, start: int) -> int:
    """Return where the tag or comment ends that begins at a place; -1 if there is none."""
    if page.text.startswith("<!--", start):
        end = page.find("-->", start + 4)
        return end + 3 if end >= 0 else -1
    if page.text.startswith(("<!", "<?"), start):
        return page.find(">", start) + 1 or -1
    if not _NAME.match(page.text, start):
        return -1
    return page.tag_end(start) + 1 or -1
