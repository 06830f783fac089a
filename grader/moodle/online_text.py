"""Moodle's online text, which is HTML, as the text that the student typed.

Trusted side; pure.
"""

import re
from html.parser import HTMLParser

_BREAKS = {"p", "div", "br", "li", "pre", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}
_SILENT = {"script", "style", "head", "title"}
_ANY_TAG = re.compile(
    r"</?(?:p|div|br|span|pre|code|html|body|ul|ol|li|h[1-6]|table|b|i|strong|em)\b[^>]*>", re.IGNORECASE
)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._verbatim = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._verbatim += tag in ("pre", "textarea")
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self._break(always=tag == "br")

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag in ("pre", "textarea") and self._verbatim > 0
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BREAKS and tag != "br":
            self._break(always=False)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not self._verbatim:
            if not data.strip(" \t\n"):
                data = data.replace("\n", "")
            elif not self.parts or self.parts[-1].endswith("\n"):
                data = data.removeprefix("\n")  # the editor's own line end behind a tag
        if data:
            self.parts.append(data)

    def _break(self, *, always: bool) -> None:
        if always or (self.parts and not self.parts[-1].endswith("\n")):
            self.parts.append("\n")


def html_to_text(html: str) -> str:
    r"""Return the text of a page, one line for each line shown; plain text comes back unchanged.

    Examples
    --------
    >>> html_to_text("<p>def f():<br>&nbsp; &nbsp; return 1 &lt; 2</p>")
    'def f():\n    return 1 < 2\n'
    """
    if not _ANY_TAG.search(html):
        return html
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts).replace("\xa0", " ").rstrip() + "\n"
