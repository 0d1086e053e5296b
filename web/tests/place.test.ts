import { describe, expect, test } from "vitest";

import type { Bbox } from "../src/api";
import { readPlace, roundDegrees, writePlace } from "../src/place";

const CITY: Bbox = [-77.12, 38.79, -76.91, 39.0];
const PLACE = { lon: -77.0365, lat: 38.8977 };

describe("coordinates", () => {
  test.each([
    ["longitude first", "-77.0365, 38.8977"],
    ["without a comma", "-77.0365 38.8977"],
    ["with a semicolon", "-77.0365;38.8977"],
    ["letters behind", "77.0365 W, 38.8977 N"],
    ["letters behind, latitude first", "38.8977 N, 77.0365 W"],
    ["letters before", "N 38.8977 W 77.0365"],
    ["small letters with degree signs", "38.8977° n 77.0365° w"],
    ["one letter is enough", "38.8977 N, -77.0365"],
    ["a minus sign of typography", "−77.0365, 38.8977"],
    ["Chinese comma", "-77.0365，38.8977"],
    ["Chinese digits width", "－７７．０３６５，３８．８９７７"],
    ["Chinese words", "西经77.0365度，北纬38.8977度"],
    ["spaces around", "  -77.0365 ,  38.8977 "],
  ])("%s", (_, typed) => {
    expect(readPlace(typed, CITY)).toEqual({ kind: "place", place: PLACE });
  });

  test("a minus before a west longitude stays west", () => {
    expect(readPlace("-77.0365 W, 38.8977 N", CITY)).toEqual({ kind: "place", place: PLACE });
  });

  test("latitude first is questioned when only the other order lies near the layer", () => {
    expect(readPlace("38.8977, -77.0365", CITY)).toEqual({
      kind: "swapped",
      place: { lon: 38.8977, lat: -77.0365 },
      meant: PLACE,
    });
  });

  test("latitude first is questioned when it is impossible as typed, even without a layer", () => {
    expect(readPlace("39.9, 116.4")).toEqual({
      kind: "swapped",
      place: { lon: 39.9, lat: 116.4 },
      meant: { lon: 116.4, lat: 39.9 },
    });
  });

  test("a far place is taken as typed when neither order is near", () => {
    expect(readPlace("2.35, 48.85", CITY)).toEqual({
      kind: "place",
      place: { lon: 2.35, lat: 48.85 },
    });
  });

  test.each([
    ["off the Earth both ways", "190, 95"],
    ["two longitudes", "77 W, 76 W"],
    ["latitude out of range with letters", "95 N, 10 E"],
  ])("%s is impossible", (_, typed) => {
    expect(readPlace(typed, CITY)).toEqual({ kind: "impossible" });
  });
});

test.each([
  ["a grid code", "2A07"],
  ["a number alone", "101"],
  ["a name", "SMD 2A07"],
  ["three numbers", "1, 2, 3"],
])("%s is text", (_, typed) => {
  expect(readPlace(typed, CITY)).toEqual({ kind: "text", text: typed });
});

test("nothing but spaces is empty", () => {
  expect(readPlace("  ")).toEqual({ kind: "empty" });
});

test("what is written can be read back", () => {
  expect(readPlace(writePlace(PLACE), CITY)).toEqual({ kind: "place", place: PLACE });
});

test("a click is rounded to six decimals", () => {
  expect(roundDegrees(-77.03651234567)).toBe(-77.036512);
});
