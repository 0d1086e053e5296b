import { expect, test } from "vitest";

import { readView, writeView } from "../src/link";

test("a view survives the address bar", () => {
  const view = {
    lon: -77.0365,
    lat: 38.8977,
    datum: "gcj02" as const,
    accuracyM: 25,
    grid: null,
    point: null,
    layer: "anc",
    at: "2016-08-01",
    lang: "zh-CN" as const,
  };
  expect(readView(writeView(view))).toEqual(view);
});

test("an empty view writes nothing", () => {
  expect(writeView({})).toBe("");
});

test("the default datum is not written", () => {
  expect(writeView({ lon: 1, lat: 2, datum: "wgs84" })).toBe("?lon=1&lat=2");
});

test.each([
  ["a latitude out of range drops the place", "?lon=1&lat=91"],
  ["a place needs both", "?lon=1"],
  ["letters are no number", "?lon=x&lat=2"],
  ["an empty number is none", "?lon=&lat=2"],
  ["30 February does not exist", "?at=2016-02-30"],
  ["a date in words", "?at=yesterday"],
  ["an unknown language", "?lang=xx"],
  ["an unknown datum", "?datum=nad27"],
])("%s", (_, search) => {
  expect(readView(search)).toEqual(readView(""));
});

test("codes with odd letters are kept", () => {
  const grid = "A&B=<1>/网格";
  expect(readView(writeView({ grid })).grid).toBe(grid);
});

test("a time with its zone is kept", () => {
  expect(readView("?at=2016-08-01T12:00:00Z").at).toBe("2016-08-01T12:00:00Z");
});
