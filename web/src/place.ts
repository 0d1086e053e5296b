// Coordinates as people type them: decimal degrees, with or without letters, in either order.
import type { Bbox } from "./api";

export interface Place {
  lon: number;
  lat: number;
}

export type Reading =
  | { kind: "empty" }
  | { kind: "text"; text: string }
  | { kind: "place"; place: Place }
  /** As typed the place lies far from the layer, the other way round it lies in it: ask. */
  | { kind: "swapped"; place: Place; meant: Place }
  | { kind: "impossible" };

type Axis = "lon" | "lat";

interface Degrees {
  value: number;
  axis: Axis | null;
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)`;
const DEGREES = String.raw`(?:([NSEW])\s*(${NUMBER})\s*°?|(${NUMBER})\s*°?\s*([NSEW])?)`;
const PAIR = new RegExp(String.raw`^${DEGREES}\s*[\s,;]\s*${DEGREES}$`, "i");
const CHINESE_LETTERS: Record<string, string> = { 东经: "E", 西经: "W", 北纬: "N", 南纬: "S" };
/** Around a layer's box a place still counts as near, in degrees (about 50 km). */
const NEAR_DEG = 0.5;

/** Read what was typed; `bbox` of the layer decides whether the order looks swapped. */
export function readPlace(typed: string, bbox: Bbox | null = null): Reading {
  const text = normalise(typed);
  if (text === "") return { kind: "empty" };
  const match = PAIR.exec(text);
  if (match === null) return { kind: "text", text: typed.trim() };
  const first = readDegrees(match.slice(1, 5));
  const second = readDegrees(match.slice(5, 9));
  if (first.axis !== null && first.axis === second.axis) return { kind: "impossible" };
  if (first.axis !== null || second.axis !== null) {
    const lonFirst = first.axis === "lon" || second.axis === "lat";
    return acceptPlace(lonFirst ? toPlace(first, second) : toPlace(second, first));
  }
  return readUnlabelled(toPlace(first, second), toPlace(second, first), bbox);
}

/** Write a place as one can type it again. */
export function writePlace({ lon, lat }: Place): string {
  return `${roundDegrees(lon)}, ${roundDegrees(lat)}`;
}

/** Round to six decimals, about 11 cm: what a click on the map can mean. */
export function roundDegrees(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

function normalise(typed: string): string {
  let text = typed
    .normalize("NFKC")
    .replace(/[−–]/g, "-")
    .replace(/[º˚]/g, "°")
    .replace(/、/g, ",");
  for (const [word, letter] of Object.entries(CHINESE_LETTERS)) text = text.replace(word, letter);
  return text.replace(/度/g, "°").trim();
}

function readDegrees(groups: (string | undefined)[]): Degrees {
  const [before, labelled, plain, after] = groups;
  const letter = (before ?? after ?? "").toUpperCase();
  const value = Number(labelled ?? plain);
  if (letter === "") return { value, axis: null };
  const sign = letter === "S" || letter === "W" ? -1 : 1;
  return {
    value: before !== undefined || value >= 0 ? sign * Math.abs(value) : value,
    axis: letter === "E" || letter === "W" ? "lon" : "lat",
  };
}

function toPlace(lon: Degrees, lat: Degrees): Place {
  return { lon: lon.value, lat: lat.value };
}

function acceptPlace(place: Place): Reading {
  return isOnEarth(place) ? { kind: "place", place } : { kind: "impossible" };
}

function readUnlabelled(place: Place, swapped: Place, bbox: Bbox | null): Reading {
  const isLikelySwapped = isOnEarth(place)
    ? bbox !== null && !isNear(place, bbox) && isOnEarth(swapped) && isNear(swapped, bbox)
    : isOnEarth(swapped);
  return isLikelySwapped ? { kind: "swapped", place, meant: swapped } : acceptPlace(place);
}

function isOnEarth({ lon, lat }: Place): boolean {
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

function isNear({ lon, lat }: Place, [west, south, east, north]: Bbox): boolean {
  const isBetween = (value: number, low: number, high: number) =>
    value >= low - NEAR_DEG && value <= high + NEAR_DEG;
  return isBetween(lon, west, east) && isBetween(lat, south, north);
}
