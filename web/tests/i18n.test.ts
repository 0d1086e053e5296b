import { afterEach, expect, test } from "vitest";

import { chooseLanguage, DICTIONARIES, language, LANGUAGES, sayWord, t } from "../src/i18n";

afterEach(() => {
  language.value = "en";
});

test.each(LANGUAGES)("%s has every text, and none is empty", (name) => {
  expect(Object.keys(DICTIONARIES[name]).sort()).toEqual(Object.keys(DICTIONARIES.en).sort());
  expect(Object.values(DICTIONARIES[name]).filter((text) => text.trim() === "")).toEqual([]);
});

test.each(LANGUAGES)("%s leaves the same holes to fill in", (name) => {
  const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  const texts: Record<string, string> = DICTIONARIES[name];
  for (const [key, text] of Object.entries(DICTIONARIES.en)) {
    expect(holes(texts[key] ?? ""), key).toEqual(holes(text));
  }
});

test("a text is filled in", () => {
  expect(t("answer.borderDistance", { distance: "12 m", neighbour: "2A07" })).toBe(
    "12 m from 2A07",
  );
  language.value = "zh-CN";
  expect(t("answer.borderDistance", { distance: "12米", neighbour: "2A07" })).toBe(
    "与2A07的边界相距12米",
  );
});

test("a value that looks like a hole is not filled in again", () => {
  expect(t("ask.unknownGrid", { layer: "{text}", text: "X" })).toBe(
    "No grid of {text} is called “X”.",
  );
});

test("words of the data are said as they stand when unknown", () => {
  expect(sayWord("kind", "police_station")).toBe("Police station");
  expect(sayWord("role", "District station")).toBe("District station");
  expect(sayWord("kind", "tea_house")).toBe("tea house");
  expect(sayWord("role", "toString")).toBe("toString");
});

test.each([
  ["the one asked for", "zh-CN", ["en-US"], "zh-CN"],
  ["the first we speak", null, ["fr-FR", "zh-Hant-TW", "en"], "zh-CN"],
  ["English if we speak none", null, ["fr"], "en"],
  ["English if none is told", null, [], "en"],
] as const)("a visitor gets %s", (_, asked, preferred, expected) => {
  expect(chooseLanguage(asked, preferred)).toBe(expected);
});
