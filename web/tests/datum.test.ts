import { expect, test } from "vitest";

import { fromDatum, toDatum, type Coordinate } from "../src/map/datum";

const PLACES: Coordinate[] = [
  [116.397, 39.908],
  [112.57, 37.87],
  [121.47, 31.23],
  [87.6, 43.8],
];

test.each(["gcj02", "bd09"] as const)("%s comes back to a millimetre", (datum) => {
  for (const place of PLACES) {
    const [lon, lat] = fromDatum(toDatum(place, datum), datum);
    expect(Math.abs(lon - place[0])).toBeLessThan(1e-8);
    expect(Math.abs(lat - place[1])).toBeLessThan(1e-8);
  }
});

test("Shanghai moves by what is published for GCJ-02", () => {
  const [lon, lat] = toDatum([121.5272106, 31.1774276], "gcj02");
  expect(lon).toBeCloseTo(121.5315418592, 5);
  expect(lat).toBeCloseTo(31.1753039836, 5);
});

test("outside the box of the definition nothing moves", () => {
  expect(toDatum([-77.0365, 38.8977], "gcj02")).toEqual([-77.0365, 38.8977]);
});

test("WGS 84 stays as it is", () => {
  expect(fromDatum(toDatum([116.4, 39.9], "wgs84"), "wgs84")).toEqual([116.4, 39.9]);
});
