import { expect, test } from "vitest";

import type { LookupResult, Responsible } from "../src/api";
import {
  announceGrid,
  findGrids,
  sayBorder,
  sayCertainty,
  sayGrid,
  sayVacancy,
} from "../src/pages/public/sentences";

const CHAIN = [
  { level: "smd", code: "2A08", name: "SMD 2A08" },
  { level: "anc", code: "2A", name: "ANC 2A" },
];
const FILLED: Responsible = {
  role: "commissioner",
  member: "Ada Lovelace",
  phone: null,
  grid: "2A08",
  acting_for: null,
  reason: null,
  reason_code: null,
};
const INSIDE: LookupResult = {
  layer: "anc",
  edition: 1,
  grid: { level: "smd", code: "2A08", name: "SMD 2A08" },
  chain: CHAIN,
  responsible: [FILLED],
  border: { distance_m: 41.7, neighbour: "2A07" },
  certainty: "certain",
};

test("a filled post has no reason", () => {
  expect(sayVacancy(FILLED, CHAIN)).toBeNull();
});

test("a vacant grid names who acts", () => {
  const entry: Responsible = {
    ...FILLED,
    grid: "2A",
    reason: "…",
    reason_code: "vacant_grid",
    vacant: { role: null, level: "smd", grid: "2A08" },
  };
  expect(sayVacancy(entry, CHAIN)).toBe(
    "SMD 2A08 has no responsible member at present; ANC 2A acts for it.",
  );
});

test("a vacant role names the role", () => {
  const entry: Responsible = {
    ...FILLED,
    grid: "2A",
    reason: "…",
    reason_code: "vacant_role",
    vacant: { role: "commissioner", level: "smd", grid: "2A08" },
  };
  expect(sayVacancy(entry, CHAIN)).toBe(
    "The post of Commissioner in SMD 2A08 is vacant; ANC 2A acts for it.",
  );
});

test("a vacant role that nobody covers says so", () => {
  const entry: Responsible = {
    ...FILLED,
    member: null,
    reason_code: "vacant_role",
    vacant: { role: "commissioner", level: "smd", grid: "2A08" },
  };
  expect(sayVacancy(entry, CHAIN)).toBe(
    "The post of Commissioner in SMD 2A08 is vacant, and nobody acts for it.",
  );
});

test("a grid of the highest level has no level above", () => {
  const entry: Responsible = {
    ...FILLED,
    role: null,
    member: null,
    grid: "2A",
    reason_code: "vacant_chain",
    vacant: { role: null, level: "anc", grid: "2A" },
  };
  expect(sayVacancy(entry, [CHAIN[1]!])).toBe("ANC 2A has no responsible member at present.");
});

test("a vacant chain says that nobody is there", () => {
  const entry: Responsible = {
    ...FILLED,
    role: null,
    member: null,
    reason_code: "vacant_chain",
    vacant: { role: null, level: "smd", grid: "2A08" },
  };
  expect(sayVacancy(entry, CHAIN)).toContain("Neither SMD 2A08 nor any level above");
  expect(announceGrid(CHAIN[0]!, [entry])).toBe("SMD 2A08. Nobody is responsible at present.");
});

test("a reason without a code is passed on", () => {
  expect(sayVacancy({ ...FILLED, reason: "On leave." }, CHAIN)).toBe("On leave.");
});

test("the border is said with its neighbour, or as the outer border", () => {
  expect(sayBorder(INSIDE)).toBe("42 m from 2A07");
  expect(sayBorder(INSIDE, new Map([["2A07", "SMD 2A07"]]))).toBe("42 m from SMD 2A07");
  expect(sayBorder({ ...INSIDE, border: { distance_m: 5, neighbour: null } })).toBe(
    "5 m from the outer border",
  );
});

test("certainty tells a border from an inexact place", () => {
  expect(sayCertainty(INSIDE)).toBe("Certain");
  const ambiguous = { ...INSIDE, certainty: "ambiguous" as const };
  expect(sayCertainty(ambiguous)).toContain("nearer than the place is known");
  expect(sayCertainty({ ...ambiguous, border: { distance_m: 0, neighbour: "2A07" } })).toContain(
    "On the border",
  );
});

test("a name that holds its code does not repeat it", () => {
  expect(sayGrid({ code: "2A08", name: "SMD 2A08" })).toBe("SMD 2A08");
  expect(sayGrid({ code: "1401", name: "第一网格" })).toBe("第一网格 (1401)");
  expect(sayGrid({ code: "1401", name: "" })).toBe("1401");
});

const ITEMS = ["1", "10", "21"].map((code) => ({
  code,
  name: `Ward ${code}`,
  parent: null,
  areaM2: 1,
}));

test("an exact code wins over longer ones", () => {
  expect(findGrids(ITEMS, " 1 ").map(({ code }) => code)).toEqual(["1"]);
});

test("a name is found whatever its case, a part finds all", () => {
  expect(findGrids(ITEMS, "ward 10").map(({ code }) => code)).toEqual(["10"]);
  expect(findGrids(ITEMS, "WARD").map(({ code }) => code)).toEqual(["1", "10", "21"]);
});
