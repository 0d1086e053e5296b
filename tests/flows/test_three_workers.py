"""Three worker processes: a roster changed by the command line is answered by all in a second."""

import time

import pytest

from tests.dc import WHITE_HOUSE
from tests.flows.servers import Questions, ask, run_gridgis, serving

LOOKUP = f"/api/v1/lookup?lon={WHITE_HOUSE[0]}&lat={WHITE_HOUSE[1]}&layer=anc"
SEEN_WITHIN_S = 1.0


def member(answer):
    return answer["results"][0]["responsible"][0]["member"]


@pytest.mark.slow
@pytest.mark.xdist_group("dc-postgis")
@pytest.mark.parametrize(
    "database", ["dc_url", pytest.param("dc_postgis_url", marks=pytest.mark.postgis)]
)
def test_every_worker_names_the_new_member(request, database, dc_cache, tmp_path):
    url = request.getfixturevalue(database)
    (tmp_path / "roster.csv").write_text("code,name,role\n2A01,New Person,commissioner\n")
    command = ("import", "members", "roster.csv", "--layer", "anc")
    with serving(url, dc_cache, workers=3, cwd=tmp_path) as address:
        assert member(ask(address, LOOKUP)) == "Patrick Kennedy"
        with Questions(address, LOOKUP, member) as questions:
            time.sleep(1.0)
            tried = run_gridgis(url, dc_cache, *command, cwd=tmp_path)
            assert (tried.returncode, tried.stdout) == (0, "would import: 1 rows, 0 vacancies\n")
            assert {who for _, who in questions.answers} == {"Patrick Kennedy"}
            done = run_gridgis(url, dc_cache, *command, "--commit", cwd=tmp_path)
            returned_at = time.monotonic()
            assert done.returncode == 0, done.stderr
            time.sleep(SEEN_WITHIN_S + 1.5)
        late = [who for at, who in questions.answers if at > returned_at + SEEN_WITHIN_S]
        assert questions.failures == []
        assert len(late) > 30, "three workers have had their turns"
        assert set(late) == {"New Person"}
        assert {who for _, who in questions.answers} == {"Patrick Kennedy", "New Person"}
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
