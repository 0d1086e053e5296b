import re
import shlex
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from api.app import create_app
from gridgis.cli import cli
from gridgis.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
METHODS = {"get", "post", "put", "patch", "delete"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


def as_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read_prose(page: Path) -> str:
    """Text of a page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def find_shell_lines(page: Path) -> Iterator[str]:
    for language, block in _FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "sh":
            yield from block.replace("\\\n", " ").splitlines()


def find_commands() -> list[Any]:
    return [
        pytest.param(shlex.split(line)[1:], id=f"{as_id(page)}: {line[:60]}")
        for page in PAGES
        for line in find_shell_lines(page)
        if line.startswith("gridgis ")
    ]


def find_links() -> list[Any]:
    return [
        pytest.param(page, target, id=f"{as_id(page)} to {target}")
        for page in PAGES
        for target in _LINK.findall(_INLINE_CODE.sub("", read_prose(page)))
        if not re.match(r"[a-z]+:", target)
    ]


def find_anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    anchors = set()
    for heading in _HEADING.findall(read_prose(page)):
        kept = [
            letter
            for letter in heading.lower()
            if letter in " -_" or unicodedata.category(letter)[0] in "LNM"
        ]
        anchors.add("".join(kept).replace(" ", "-"))
    return anchors


def parse_command(arguments: list[str]) -> None:
    """Let click read the arguments of `gridgis`, down to the last sub-command, and run nothing."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(click.Context(command), name)
        if found is None:
            raise click.UsageError(f"no such command {name}")
        command = found
    command.make_context(command.name, arguments)


@pytest.mark.parametrize("arguments", find_commands())
def test_every_command_in_the_docs_is_one_that_gridgis_reads(arguments: list[str]) -> None:
    parse_command(arguments)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("gridgis vanish", id="unknown command"),
        pytest.param("gridgis locate 1 2 --layers anc", id="unknown option"),
        pytest.param("gridgis import grids a.geojson --layer anc", id="required option missing"),
        pytest.param("gridgis map --layer anc --language fr -o a.html", id="value of no choice"),
    ],
)
def test_a_command_that_gridgis_does_not_read_would_be_found(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse_command(shlex.split(line)[1:])


def test_every_command_of_gridgis_is_shown_in_the_docs() -> None:
    shown = {
        tuple(line.split()[1:3])
        for page in PAGES
        for line in find_shell_lines(page)
        if line.startswith("gridgis ")
    }
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            for part in command.list_commands(click.Context(command)):
                assert (name, part) in shown
        elif name != "demo":  # make demo stands for it
            assert any(words[:1] == (name,) for words in shown), name


@pytest.mark.parametrize(("page", "target"), find_links())
def test_every_relative_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    assert found.exists()
    assert found.is_relative_to(ROOT)
    if anchor:
        assert anchor in find_anchors(found)


def test_every_setting_of_the_example_is_explained_to_operators() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^(GRIDGIS_\w+)=(.*)$", example, re.MULTILINE)
    rows = re.findall(
        r"^\| `(GRIDGIS_\w+)` \| (\S+) \|",
        (ROOT / "docs" / "operator.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert rows == [(name, f"`{default}`" if default else "empty") for name, default in named]


def test_every_route_is_described_and_no_other() -> None:
    document = create_app(Settings()).openapi()
    routes = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if method in METHODS
    }
    headings = set(_HEADING.findall(read_prose(ROOT / "docs" / "api.md")))
    described = {heading for heading in headings if re.match(r"[A-Z]+ /", heading)}
    assert described == routes


def test_every_query_parameter_of_a_route_stands_in_its_section() -> None:
    sections = re.split(
        r"^## ", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    by_heading = {section.partition("\n")[0]: section for section in sections}
    for path, operations in create_app(Settings()).openapi()["paths"].items():
        for method, operation in operations.items():
            section = by_heading[f"{method.upper()} {path}"]
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    assert f"`{parameter['name']}`" in section, (path, parameter["name"])


def test_both_readmes_have_the_same_headings_and_commands() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    levels = [re.findall(r"^(#+) ", read_prose(page), re.MULTILINE) for page in (english, chinese)]
    assert levels[0] == levels[1]
    commands = [
        [line.replace(" --language zh-CN", "") for line in find_shell_lines(page)]
        for page in (english, chinese)
    ]
    assert commands[0] == commands[1]


def test_every_decision_has_its_three_parts_and_is_listed() -> None:
    listed = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for number, page in enumerate(sorted((ROOT / "docs" / "adr").glob("*.md")), start=1):
        headings = _HEADING.findall(read_prose(page))
        assert headings[0].startswith(f"{number}. ")
        assert headings[1:4] == ["Context", "Decision", "Consequences"]
        assert f"(adr/{page.name})" in listed
