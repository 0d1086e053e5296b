// Numbers, distances, times and places as the reader of a language expects them.
import type { Language } from "./i18n";
import type { Place } from "./place";

/** Distance in metres below one kilometre, in kilometres above; below 10 m with one decimal. */
export function formatDistance(distanceM: number, language: Language): string {
  if (distanceM < 999.5) {
    const digits = distanceM < 9.95 ? 1 : 0;
    return formatUnit(distanceM, "meter", digits, language);
  }
  return formatUnit(distanceM / 1000, "kilometer", distanceM < 99_500 ? 1 : 0, language);
}

/** Whole minutes, rounded up so that 15 never stands for more than a quarter of an hour. */
export function formatMinutes(minutes: number, language: Language): string {
  return formatUnit(Math.max(1, Math.ceil(minutes)), "minute", 0, language);
}

/** Area in square metres below a hectare, in square kilometres above. */
export function formatArea(areaM2: number, language: Language): string {
  const isSmall = areaM2 < 10_000;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: isSmall ? 0 : 2 });
  return `${number.format(isSmall ? areaM2 : areaM2 / 1e6)} ${isSmall ? "m²" : "km²"}`;
}

/** The day of an RFC 3339 time in the zone of the site, or of a plain date as it stands. */
export function formatDate(time: string, language: Language, timeZone: string): string {
  const isPlainDate = /^\d{4}-\d{2}-\d{2}$/.test(time);
  const moment = new Date(isPlainDate ? `${time}T00:00:00Z` : time);
  // Browsers guess at free text (“summer 2016” becomes a January): only ISO dates are read.
  if (!/^\d{4}-\d{2}-\d{2}/.test(time) || Number.isNaN(moment.getTime())) return time;
  const zone = isPlainDate ? "UTC" : timeZone;
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: zone }).format(moment);
}

/** A place with its hemispheres: “77.0365° W, 38.8977° N”. */
export function formatPlace({ lon, lat }: Place, language: Language): string {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 6 });
  const east = `${number.format(Math.abs(lon))}° ${lon < 0 ? "W" : "E"}`;
  const north = `${number.format(Math.abs(lat))}° ${lat < 0 ? "S" : "N"}`;
  return `${east}, ${north}`;
}

function formatUnit(value: number, unit: string, digits: number, language: Language): string {
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(value);
}
