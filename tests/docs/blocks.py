"""The blocks of code in the documents."""

import pathlib
from typing import NamedTuple

DOCUMENTS = [pathlib.Path("README.md"), pathlib.Path("CONTRIBUTING.md"), pathlib.Path("SECURITY.md"),
             *sorted(pathlib.Path("docs").rglob("*.md")),
             *sorted(pathlib.Path("config").rglob("*.md"))]


class Block(NamedTuple):
    document: pathlib.Path
    section: str
    line: int
    language: str
    text: str

    def __str__(self):
        return f"{self.document}:{self.line}"


def blocks(document):
    """Those of a document, without their indentation."""
    section, start = "", None
    lines = document.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if start is None and line.strip().startswith("```"):
            start, indent, language = number, len(line) - len(line.lstrip()), line.strip()[3:]
        elif start is not None and line.strip() == "```":
            text = "".join(inside[indent:] + "\n" for inside in lines[start:number - 1])
            yield Block(document, section, start, language, text)
            start = None
        elif start is None and line.startswith("#"):
            section = line.lstrip("# ")
