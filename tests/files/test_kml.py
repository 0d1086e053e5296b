from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from gridgis.errors import GeometryError, InvalidInput
from gridgis.files.vector import read_vector

Save = Callable[[str, Any], Path]

SQUARE = "0,0,5 4,0,5 4,4,5 0,4,5 0,0,5"
HOLE = "1,1 2,1 2,2 1,2 1,1"


def polygon(outer: str = SQUARE, inner: str = "") -> str:
    hole = f"<innerBoundaryIs><LinearRing><coordinates>{inner}</coordinates></LinearRing>"
    hole = hole + "</innerBoundaryIs>" if inner else ""
    return (
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{outer}</coordinates></LinearRing>"
        f"</outerBoundaryIs>{hole}</Polygon>"
    )


def kml(*placemarks: str, start: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    body = "".join(f"<Placemark>{placemark}</Placemark>" for placemark in placemarks)
    return f'{start}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'


def test_holes_heights_and_multi_geometry(save: Save) -> None:
    two = f"<MultiGeometry>{polygon()}{polygon('5,5 6,5 6,6 5,5')}</MultiGeometry>"
    mixed = (
        f"<MultiGeometry>{polygon()}<Point><coordinates>1,2</coordinates></Point></MultiGeometry>"
    )
    line = "<LineString><coordinates>\n 1,2\n\t3,4 </coordinates></LineString>"
    frame = read_vector(
        save("g.kml", kml(polygon(inner=HOLE), two, mixed, line, "<name>none</name>"))
    ).frame
    shapes = frame.geometry.tolist()
    assert shapes[0].equals(shapely.box(0, 0, 4, 4) - shapely.box(1, 1, 2, 2))
    assert shapes[1].geom_type == "MultiPolygon"
    assert shapes[1].area == 16.5
    assert shapes[2].geom_type == "GeometryCollection"
    assert list(shapes[3].coords) == [(1, 2), (3, 4)]
    assert shapes[4] is None


def test_data_become_columns_of_text(save: Save) -> None:
    data = (
        "<name>东街</name><ExtendedData><Data name='code'><value>001</value></Data>"
        "<SchemaData schemaUrl='#s'><SimpleData name='residents'>12</SimpleData></SchemaData>"
        "</ExtendedData>"
    )
    frame = read_vector(save("g.kml", kml(data, "<name>西街</name>"))).frame
    assert frame["name"].tolist() == ["东街", "西街"]
    assert frame["code"].tolist() == ["001", None]
    assert frame["residents"].tolist() == ["12", None]


def test_a_folder_is_a_layer(save: Save) -> None:
    text = (
        "<kml><Document><name>city</name><Folder><name>a</name><Placemark><name>1</name></Placemark>"
        "</Folder><Folder><name>b</name><Placemark><name>2</name></Placemark></Folder></Document></kml>"
    )
    path = save("g.kml", text)
    assert read_vector(path).frame["name"].tolist() == ["1", "2"]
    assert read_vector(path, layer_name="b").frame["name"].tolist() == ["2"]
    with pytest.raises(InvalidInput, match="no layer 'c'; it has city, a, b"):
        read_vector(path, layer_name="c")


def test_links_are_not_followed_and_noted(save: Save) -> None:
    link = "<NetworkLink><Link><href>http://127.0.0.1:1/x.kml</href></Link></NetworkLink>"
    text = kml("<name>a</name>").replace("</Document>", link + "</Document>")
    file = read_vector(save("g.kml", text))
    assert file.notes == ("links to other files were not followed",)
    assert len(file.frame) == 1


def test_a_declared_encoding_other_than_utf8_is_found(save: Save) -> None:
    text = kml("<name>杏花岭区</name>", start='<?xml version="1.0" encoding="GBK"?>')
    assert read_vector(save("g.kml", text.encode("gbk"))).frame["name"].tolist() == ["杏花岭区"]


@pytest.mark.parametrize(
    ("geometry", "phrase"),
    [
        pytest.param(polygon("0,0 1,0 1,1 0,1"), "does not end where it starts", id="open-ring"),
        pytest.param(polygon("0, 0 1, 0"), "without a space after the comma", id="spaced"),
        pytest.param(polygon("nan,0 1,0 1,1 nan,0"), "is not a number", id="nan"),
        pytest.param(polygon("1_1,0 1,0 1,1 1_1,0"), "is not a number", id="underscore"),
        pytest.param(polygon("1-1,0 1,0 1,1 1-1,0"), "cannot be read", id="odd-minus"),
        pytest.param("<Polygon/>", "a polygon needs one outer boundary", id="no-boundary"),
        pytest.param("<Point><coordinates/></Point>", "lon,lat", id="empty-point"),
    ],
)
def test_a_broken_geometry_is_refused_naming_the_placemark(
    save: Save, geometry: str, phrase: str
) -> None:
    with pytest.raises(GeometryError) as caught:
        read_vector(save("g.kml", kml(polygon(), geometry)))
    assert str(caught.value).startswith("g.kml placemark 2: its geometry cannot be read")
    assert phrase in str(caught.value)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        pytest.param(
            kml(
                "<name>&e;</name>", start='<!DOCTYPE k [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
            ),
            "has a DTD or entities",
            id="reading-a-local-file",
        ),
        pytest.param(
            kml("<name>&b;</name>", start='<!DOCTYPE k [<!ENTITY a "xx"><!ENTITY b "&a;&a;">]>'),
            "has a DTD or entities",
            id="entity-bomb",
        ),
        pytest.param("<kml><Document>", "is not well-formed XML", id="cut-off"),
        pytest.param("<gpx/>", "is XML (gpx) but not KML", id="gpx"),
    ],
)
def test_what_is_not_kml_is_refused(save: Save, text: str, phrase: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_vector(save("g.kml", text))
    assert phrase in str(caught.value)
