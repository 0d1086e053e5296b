"""The words of a map page in Chinese and English, and how it writes numbers, kinds and times."""

from collections.abc import Mapping
from datetime import datetime

from gridgis.errors import InvalidInput
from gridgis.model.points import ServiceArea

_ENGLISH = {
    "skip": "Skip the map: go to the tables",
    "map": "Map",
    "edition": "Edition",
    "in_force_at": "as of",
    "made_at": "Page made at",
    "search": "Find a grid or a service point",
    "search_hint": "code or name",
    "no_hit": "Nothing has this code or name",
    "hits": "{count} found",
    "shown": "{name} is shown on the map",
    "legend": "Legend",
    "measure_incidents": "Incidents per grid",
    "measure_coverage": "Share of residents inside a service area",
    "no_value": "no data",
    "grid_in_class": "{count} grid",
    "grids_in_class": "{count} grids",
    "grids": "Grids",
    "code": "Code",
    "name": "Name",
    "incidents": "Incidents",
    "coverage": "Share inside",
    "points": "Service points",
    "kind": "Kind",
    "address": "Address",
    "phone": "Phone",
    "hours": "Hours",
    "services": "Services",
    "area": "Service area",
    "areas": "Service areas",
    "category": "Category",
    "count": "Count",
    "cluster": "incidents close together, with their number; zoom in to see each",
    "sources": "Sources",
    "sources_none": "No source is stated",
    "tables": "The same facts as tables",
    "scripts_off": "Scripts are switched off, so there is no map; the tables hold its facts.",
    "layers": "Layers",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "close": "Close",
    "sort": "Sort by {column}",
    "area_circle": "{minutes} min {mode}: circle, {radius} m straight, not along streets",
    "area_network": "{minutes} min {mode}: along streets",
    "drawn_with": "Drawn with folium, Leaflet and Leaflet.markercluster. This page asks no server.",
    "licences": "Licences of the software in this page",
    "mode_walk": "walking",
    "mode_bicycle": "cycling",
    "mode_ebike": "by e-bike",
    "mode_car": "by car",
    "kind_police_station": "Police stations",
    "kind_fire_station": "Fire stations",
    "kind_library": "Libraries",
    "kind_human_services_centre": "Human services centres",
    "kind_primary_care": "Primary care",
}

_CHINESE = {
    "skip": "跳过地图，查看表格",
    "map": "地图",
    "edition": "版本",
    "in_force_at": "截至",
    "made_at": "页面生成时间",
    "search": "查找网格或服务点",
    "search_hint": "编码或名称",
    "no_hit": "没有这个编码或名称",
    "hits": "找到 {count} 个",
    "shown": "已在地图上显示 {name}",
    "legend": "图例",
    "measure_incidents": "每个网格的事件数",
    "measure_coverage": "服务范围内的居民占比",
    "no_value": "无数据",
    "grid_in_class": "{count} 个网格",
    "grids_in_class": "{count} 个网格",
    "grids": "网格",
    "code": "编码",
    "name": "名称",
    "incidents": "事件",
    "coverage": "覆盖率",
    "points": "服务点",
    "kind": "类别",
    "address": "地址",
    "phone": "电话",
    "hours": "开放时间",
    "services": "服务事项",
    "area": "服务范围",
    "areas": "服务范围",
    "category": "类别",
    "count": "数量",
    "cluster": "邻近的事件及其数量，放大后逐个显示",
    "sources": "数据来源",
    "sources_none": "未注明来源",
    "tables": "表格（与地图内容相同）",
    "scripts_off": "浏览器已停用脚本，无法绘制地图；表格列出了同样的内容。",
    "layers": "图层",
    "zoom_in": "放大",
    "zoom_out": "缩小",
    "close": "关闭",
    "sort": "按{column}排序",
    "area_circle": "{minutes} 分钟{mode}：直线圆圈，半径 {radius} 米，不沿街道",
    "area_network": "{minutes} 分钟{mode}：沿街道",
    "drawn_with": "由 folium、Leaflet、Leaflet.markercluster 绘制。本页不向任何服务器发出请求。",
    "licences": "本页所含软件的许可证",
    "mode_walk": "步行",
    "mode_bicycle": "骑行",
    "mode_ebike": "电动自行车",
    "mode_car": "驾车",
    "kind_police_station": "派出所",
    "kind_fire_station": "消防站",
    "kind_library": "图书馆",
    "kind_human_services_centre": "民生服务中心",
    "kind_primary_care": "基层医疗机构",
}

TEXTS: Mapping[str, Mapping[str, str]] = {"zh-CN": _CHINESE, "en": _ENGLISH}


def find_texts(language: str) -> Mapping[str, str]:
    """Find the words of a language.

    Raises
    ------
    InvalidInput
        If the pages are not written in that language.
    """
    try:
        return TEXTS[language]
    except KeyError as error:
        raise InvalidInput(
            f"language {language!r} is not one the map speaks; use {' or '.join(TEXTS)}"
        ) from error


def name_kind(kind: str, texts: Mapping[str, str]) -> str:
    """Name a kind of service point; a kind of the site's own is shown as its word."""
    return texts.get(f"kind_{kind}", kind.replace("_", " "))


def describe_area(area: ServiceArea, texts: Mapping[str, str]) -> str:
    """Say what a service area is; a circle is always called one."""
    mode = texts.get(f"mode_{area.mode}", area.mode)
    if area.method == "circle":
        radius = "?" if area.radius_m is None else f"{area.radius_m:,.0f}"
        return texts["area_circle"].format(minutes=area.minutes, mode=mode, radius=radius)
    return texts["area_network"].format(minutes=area.minutes, mode=mode)


def count_grids(count: int, texts: Mapping[str, str]) -> str:
    """Say how many grids a class of the legend holds."""
    return texts["grid_in_class" if count == 1 else "grids_in_class"].format(count=count)


def format_value(value: float | None, measure: str, texts: Mapping[str, str]) -> str:
    """Write a count with thousands commas, a share in percent with one decimal."""
    if value is None:
        return texts["no_value"]
    return f"{value:,.0f}" if measure == "incidents" else f"{value:.1%}"


def format_moment(moment: datetime) -> str:
    """Write a time to the minute with its offset from UTC, alike in every language."""
    written = moment.isoformat(sep=" ", timespec="minutes")
    return written.replace("+00:00", " UTC")
