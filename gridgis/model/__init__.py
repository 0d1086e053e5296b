"""Things with identity and rules, as frozen dataclasses: grids, people, points, incidents."""
