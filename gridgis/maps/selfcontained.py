"""Pages that are one file: scripts and styles inside, and a policy under which nothing else loads.

The page names the SHA-256 of each of its scripts and styles in a Content-Security-Policy. A browser
then runs these and no others, asks no server for anything, and ignores whatever a name in the data
may try to slip in.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gridgis.errors import ConfigError

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("leaflet.js", "markercluster.js")
_STYLES = ("leaflet.css", "markercluster.css")
_NOTICES = "LICENCES.txt"


@dataclass(frozen=True, slots=True)
class Assets:
    """The texts of the libraries a map needs, in loading order, and their licences."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    notices: str


def read_assets(folder: Path = _ASSETS) -> Assets:
    """Read the libraries that the build copied beside this module.

    Raises
    ------
    ConfigError
        If they have not been built.
    """
    try:
        return Assets(
            scripts=tuple(_read(folder / name) for name in _SCRIPTS),
            styles=tuple(_read(folder / name) for name in _STYLES),
            notices=_read(folder / _NOTICES),
        )
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name
        raise ConfigError(f"map assets are missing ({missing}): run make web") from error


def make_inline_script(script: str) -> str:
    """Make a script fit to stand inside an HTML page; what it does stays the same.

    Only in strings, regular expressions and comments can these letters stand, and there the
    backslash changes nothing.
    """
    return _with_newlines(script).replace("</script", r"<\/script").replace("<!--", r"<\!--")


def make_policy(scripts: tuple[str, ...], styles: tuple[str, ...]) -> str:
    """Write the Content-Security-Policy that allows exactly these inline scripts and styles."""
    return "; ".join(
        [
            "default-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "img-src data:",
            "script-src " + " ".join(_hash(script) for script in scripts),
            "style-src " + " ".join(_hash(style) for style in styles),
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _read(path: Path) -> str:
    return _with_newlines(path.read_text(encoding="utf-8"))


def _with_newlines(text: str) -> str:
    # an HTML parser does the same before it hashes
    return text.replace("\r\n", "\n").replace("\r", "\n")
