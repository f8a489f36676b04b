"""Manual pages in roff's man macros, see groff_man(7)."""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Page(NamedTuple):
    """What a manual page is called.

    Attributes:
        name: such as ``wicket.toml``.
        section: of the manual, such as 5; see man(1).
        summary: a line, for whatis(1).
    """

    name: str
    section: int
    summary: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.{self.section}"


def head(page: Page, version: str) -> str:
    """Return a page's title and its first section."""
    title = f'.TH "{escape(page.name.upper())}" {page.section} "" "wicketgate {version}" "Wicketgate"\n'
    return title + section("NAME") + f"{escape(page.name)} \\- {escape(page.summary)}\n"


def section(title: str) -> str:
    """Return the heading of a section."""
    return f'.SH "{escape(title)}"\n'


def subsection(title: str) -> str:
    """Return the heading of a subsection."""
    return f'.SS "{escape(title)}"\n'


def prose(text: str) -> str:
    """Return paragraphs, which empty lines part in ``text``; words in backquotes are set in bold."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text.strip())]
    return "".join(f".PP\n{inline(paragraph)}\n" for paragraph in paragraphs if paragraph)


def tagged(rows: Iterable[tuple[str, str]]) -> str:
    """Return a list of terms, in bold, with what each one is."""
    return "".join(f".TP\n\\fB{escape(term)}\\fR\n{inline(text)}\n" for term, text in rows)


def verbatim(text: str) -> str:
    """Return lines as they are, indented."""
    lines = "\n".join(_safe_start(escape(line)) for line in text.strip("\n").splitlines())
    return f".PP\n.RS 4\n.nf\n{lines}\n.fi\n.RE\n"


def inline(text: str) -> str:
    """Return a line of prose; words in backquotes are set in bold."""
    return _safe_start(re.sub(r"`([^`]+)`", r"\\fB\1\\fR", escape(text)))


def escape(text: str) -> str:
    """Return a text with what roff would take for more than itself written out; a hyphen can then be copied."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("'", "\\(aq")


def _safe_start(line: str) -> str:
    return f"\\&{line}" if line.startswith(".") else line
