"""No public class has the name of another one: who reads a name in control/ or api/ knows which is meant."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]


def public_classes() -> dict[str, set[str]]:
    """Return the files of each public class at the top of a module, by its name."""
    files: dict[str, set[str]] = defaultdict(set)
    for directory in ("control", "api"):
        for file in (ROOT / directory).rglob("*.py"):
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    files[node.name].add(str(file.relative_to(ROOT)))
    return files


def test_no_public_class_has_the_name_of_another() -> None:
    assert not {name: sorted(files) for name, files in public_classes().items() if len(files) > 1}
