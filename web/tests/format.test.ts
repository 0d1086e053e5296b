import { expect, test } from "vitest";

import { formatArea, formatDate, formatDistance, formatMinutes, formatPlace } from "../src/format";

test.each([
  [0.42, "0.4 m"],
  [9.94, "9.9 m"],
  [9.96, "10 m"],
  [41.7, "42 m"],
  [999.4, "999 m"],
  [999.6, "1 km"],
  [1540, "1.5 km"],
  [123_456, "123 km"],
])("%d m reads %s", (distanceM, expected) => {
  expect(formatDistance(distanceM, "en")).toBe(expected);
});

test("distances are Chinese in Chinese", () => {
  expect(formatDistance(41.7, "zh-CN")).toBe("42米");
});

test.each([
  [0, "1 min"],
  [14.2, "15 min"],
  [15, "15 min"],
  [15.01, "16 min"],
])("%d minutes read %s", (minutes, expected) => {
  expect(formatMinutes(minutes, "en")).toBe(expected);
});

test("areas change unit at a hectare", () => {
  expect(formatArea(9999, "en")).toBe("9,999 m²");
  expect(formatArea(530_000, "en")).toBe("0.53 km²");
});

test("a time is shown as the day of the site's zone", () => {
  expect(formatDate("2013-01-01T03:00:00Z", "en", "America/New_York")).toBe("December 31, 2012");
  expect(formatDate("2013-01-01T03:00:00Z", "zh-CN", "Asia/Shanghai")).toBe("2013年1月1日");
});

test("a plain date is the same day in every zone", () => {
  expect(formatDate("2016-08-16", "en", "Pacific/Auckland")).toBe("August 16, 2016");
  expect(formatDate("2016-08-16", "en", "Pacific/Honolulu")).toBe("August 16, 2016");
});

test("what is no date stands as it is", () => {
  expect(formatDate("summer 2016", "en", "UTC")).toBe("summer 2016");
});

test("a place carries its hemispheres", () => {
  expect(formatPlace({ lon: -77.0365, lat: 38.8977 }, "en")).toBe("77.0365° W, 38.8977° N");
  expect(formatPlace({ lon: 151.2, lat: -33.9 }, "en")).toBe("151.2° E, 33.9° S");
});
