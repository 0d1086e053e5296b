"""What a page needs before it can be opened: the built libraries."""

import pytest

from gridgis.errors import ConfigError
from gridgis.maps.selfcontained import read_assets
from tests.browser import skip_or_fail


@pytest.fixture(scope="session")
def built_assets() -> None:
    """The libraries of a page, which the build of the web pages copies."""
    try:
        read_assets()
    except ConfigError as error:
        skip_or_fail(str(error))
