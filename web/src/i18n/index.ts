// The texts of the pages: one flat dictionary a language, and the language in use.
import { ref } from "vue";

import { en } from "./en";
import { zhCN } from "./zh-CN";

export type TextKey = keyof typeof en;
export type Texts = Record<TextKey, string>;
export type Language = "zh-CN" | "en";

export const DICTIONARIES: Record<Language, Texts> = { "zh-CN": zhCN, en };
export const LANGUAGES = Object.keys(DICTIONARIES) as Language[];
export const LANGUAGE_NAMES: Record<Language, string> = { "zh-CN": "中文", en: "English" };

export const language = ref<Language>("en");

export function isLanguage(text: string | null): text is Language {
  return LANGUAGES.some((known) => known === text);
}

/** Choose the language of a visitor: the one asked for, else the first preferred one we speak. */
export function chooseLanguage(asked: Language | null, preferred: readonly string[]): Language {
  if (asked !== null) return asked;
  for (const tag of preferred) {
    const known = LANGUAGES.find((name) => name.slice(0, 2) === tag.slice(0, 2).toLowerCase());
    if (known !== undefined) return known;
  }
  return "en";
}

/** Say a text in the language in use; `{name}` is replaced by the value of that name. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return fillIn(DICTIONARIES[language.value][key], values);
}

/** Say a word of the data (a role, a kind) if the dictionary knows it, else as it stands. */
export function sayWord(family: "kind" | "role", word: string): string {
  const key = `${family}.${word.trim().toLowerCase().replaceAll(" ", "_")}`;
  const texts: Record<string, string> = DICTIONARIES[language.value];
  return Object.hasOwn(texts, key) ? (texts[key] ?? word) : word.replaceAll("_", " ");
}

function fillIn(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}
