"""The built web pages, or a plain page that says how to build them."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_PAGES = Path(__file__).parent.parent / "web"
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>gridgis</title>
<h1>gridgis is running</h1>
<p>The pages are not built. Run <code>make web</code> in the source folder, or install a released
wheel. The interface is described at <a href="api/v1/openapi.json">api/v1/openapi.json</a>.</p>
<h1 lang="zh-CN">gridgis 正在运行</h1>
<p lang="zh-CN">网页尚未构建。请在源码目录运行 <code>make web</code>。</p></html>
"""


def add_pages(app: FastAPI) -> None:
    """Serve the pages at ``/``; call it last, it takes every path that is left."""
    if (_PAGES / "index.html").is_file():
        app.mount("/", StaticFiles(directory=_PAGES, html=True), name="pages")
        return

    @app.get("/", include_in_schema=False)
    async def not_built() -> HTMLResponse:
        return HTMLResponse(_NOT_BUILT)
