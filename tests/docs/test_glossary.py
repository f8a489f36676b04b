"""docs/glossary.md: each word once, in the order of the alphabet, and where it says that the code has it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<word>[^|`]+) \| (?P<meaning>[^|]+) \| (?P<places>[^|]+) \|$")
PLACE = re.compile(r"`(?P<file>[a-z0-9_/]+\.(?:py|h))`: (?P<names>`\w+`(?:, `\w+`(?!:))*)")


def tables() -> list[list[tuple[str, str]]]:
    """Return the glossary's tables: of each row the words, and the column of its places."""
    sections = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("\n## ")[1:]
    rows = [[row for line in section.splitlines() if (row := ROW.match(line))] for section in sections]
    return [[(row["word"], row["places"]) for row in table if row["word"] != "word"] for table in rows]


def defined(file: Path) -> set[str]:
    """Return what a file defines: in Python classes, functions and assigned names, in C every word."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".h":
        return set(re.findall(r"\w+", text))
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def test_each_word_stands_once_and_where_one_looks_for_it() -> None:
    words = [[word for word, _ in table] for table in tables()]
    assert words == [sorted(table) for table in words]
    every = [word for table in words for word in table]
    assert len(every) > 60
    assert len(set(every)) == len(every)


def test_each_word_is_in_the_code_where_the_glossary_says() -> None:
    wrong = []
    for word, places in (row for table in tables() for row in table):
        named = list(PLACE.finditer(places))
        if ", ".join(place[0] for place in named) != places:
            wrong.append(f"{word}: {places} is not `file`: `Name`")
        for place in named:
            file = ROOT / place["file"]
            missing = set(re.findall(r"\w+", place["names"])) - (defined(file) if file.exists() else set())
            wrong += [f"{word}: {place['file']} has no {name}" for name in sorted(missing)]
    assert not wrong
