// The address bar: what is shown, as a link that shows it again.
import { isLanguage, type Language } from "./i18n";
import { isDatum } from "./map/datum";
import type { Datum } from "./api";

/** What a link restores: a place, a grid or a service point, seen in a layer, as of a date. */
export interface View {
  lon: number | null;
  lat: number | null;
  datum: Datum;
  accuracyM: number | null;
  grid: string | null;
  point: string | null;
  layer: string | null;
  at: string | null;
  lang: Language | null;
}

const EMPTY: View = {
  lon: null,
  lat: null,
  datum: "wgs84",
  accuracyM: null,
  grid: null,
  point: null,
  layer: null,
  at: null,
  lang: null,
};

/** Read a view from the query of an address; whatever cannot be read is left out. */
export function readView(search: string): View {
  const query = new URLSearchParams(search);
  const lon = readNumber(query.get("lon"), -180, 180);
  const lat = readNumber(query.get("lat"), -90, 90);
  const hasPlace = lon !== null && lat !== null;
  const datum = query.get("datum");
  const lang = query.get("lang");
  return {
    lon: hasPlace ? lon : null,
    lat: hasPlace ? lat : null,
    datum: isDatum(datum) ? datum : "wgs84",
    accuracyM: hasPlace ? readNumber(query.get("accuracy_m"), 0, 1e6) : null,
    grid: query.get("grid") || null,
    point: query.get("point") || null,
    layer: query.get("layer") || null,
    at: readDate(query.get("at")),
    lang: isLanguage(lang) ? lang : null,
  };
}

/** Write the query of a link, with the leading `?`, or nothing for an empty view. */
export function writeView(view: Partial<View>): string {
  const { lon, lat, datum, accuracyM, grid, point, layer, at, lang } = { ...EMPTY, ...view };
  const query = new URLSearchParams();
  const parts = { lon, lat, datum: datum === "wgs84" ? null : datum, accuracy_m: accuracyM };
  for (const [name, value] of Object.entries({ ...parts, grid, point, layer, at, lang })) {
    if (value !== null) query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

function readNumber(text: string | null, low: number, high: number): number | null {
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= low && value <= high ? value : null;
}

function readDate(text: string | null): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.exec(text ?? "");
  if (match === null || Number.isNaN(Date.parse(match[0]))) return null;
  // Date.parse rolls 30 February over to March: only a date that prints back as itself counts.
  const day = match[1] ?? "";
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? match[0] : null;
}
