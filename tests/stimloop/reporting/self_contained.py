"""What a page would load from elsewhere, and which elements it has."""

import re
from html.parser import HTMLParser

#: Attributes whose address a browser loads by itself.
_LOADING = {"src", "href", "xlink:href", "data", "poster", "srcset", "action", "background"}
_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_STYLE = re.compile(r"url\(\s*['\"]?(?!#|data:)|@import", re.IGNORECASE)


class PageParts(HTMLParser):
    """Reads a page: what it loads, how often it has each element, its ids, texts and data."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.counts: dict[str, int] = {}
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.data: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Data in an element of another type is not run.
        is_data = ("type", "application/json") in attrs
        self._inside = "data" if is_data else tag
        self.counts[tag] = self.counts.get(tag, 0) + 1
        for name, value in attrs:
            text = value or ""
            is_inner = text.startswith(("#", "data:"))
            if name in _LOADING and not is_inner:
                self.loads.append(f"{tag} {name}={text[:80]}")
            if name == "style" and _STYLE.search(text):
                self.loads.append(f"{tag} style={text[:80]}")
            if name == "id":
                self.ids.append(text)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 the parser passes it
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style" and _STYLE.search(data):
            self.loads.append(data[:80])
        if self._inside == "data":
            self.data.append(data)
        code = re.sub(r"^\s*//.*$", "", data, flags=re.MULTILINE)
        if self._inside == "script" and _ADDRESS.search(code):
            self.loads.append(f"script: {data[:80]}")
        self.texts.append(data)
