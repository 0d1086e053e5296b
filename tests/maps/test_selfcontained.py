import pytest

from gridgis.errors import ConfigError
from gridgis.maps.selfcontained import make_inline_script, make_policy, read_assets


def test_missing_assets_are_named_with_the_way_out(tmp_path):
    with pytest.raises(ConfigError, match=r"leaflet.js.*run make web"):
        read_assets(tmp_path)


def test_assets_are_read_in_loading_order(tmp_path):
    names = ("leaflet.js", "markercluster.js", "leaflet.css", "markercluster.css", "LICENCES.txt")
    for name in names:
        (tmp_path / name).write_bytes(f"{name}\r\n".encode())
    assets = read_assets(tmp_path)
    assert assets.scripts == ("leaflet.js\n", "markercluster.js\n")
    assert assets.styles == ("leaflet.css\n", "markercluster.css\n")
    assert assets.notices == "LICENCES.txt\n"


def test_script_cannot_close_its_element():
    script = make_inline_script('a = "</script><!-- x";\r\nb = 1;')
    assert script == 'a = "<\\/script><\\!-- x";\nb = 1;'


def test_policy_allows_these_scripts_and_nothing_else():
    # the digest that the specification of Content Security Policy gives for this script
    policy = make_policy(("alert('Hello, world.');",), ())
    rules = policy.split("; ")
    assert "default-src 'none'" in rules
    assert "script-src 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='" in rules
    assert "img-src data:" in rules
    assert "unsafe" not in policy
