"""The sample city."""

from tests.dc import (  # noqa: F401 - fixtures
    dc_cache,
    dc_postgis,
    dc_root,
    dc_shared,
    dc_snapshot,
    dc_store,
    dc_template,
    dc_url,
)
