// Datums of map tiles: WGS 84 (= CGCS2000 here) to GCJ-02 and BD-09, and back.
//
// The public formulas of the GCJ-02 obfuscation; back is by iteration, true to less than 1e-9 degree.
import type { Datum } from "../api";

export type Coordinate = [lon: number, lat: number];

export const DATUMS: readonly Datum[] = ["wgs84", "gcj02", "bd09"];

const SEMI_MAJOR_M = 6_378_245;
const ECCENTRICITY_SQUARED = 0.00669342162296594323;
const BD_RADIANS = (Math.PI * 3000) / 180;
const ITERATIONS = 8;

export function isDatum(text: string | null): text is Datum {
  return DATUMS.some((datum) => datum === text);
}

/** Move a WGS 84 coordinate to `datum`. */
export function toDatum(coordinate: Coordinate, datum: Datum): Coordinate {
  if (datum === "wgs84") return coordinate;
  const shifted = toGcj02(coordinate);
  return datum === "gcj02" ? shifted : toBd09(shifted);
}

/** Move a coordinate of `datum` back to WGS 84. */
export function fromDatum(coordinate: Coordinate, datum: Datum): Coordinate {
  let [lon, lat] = coordinate;
  for (let i = 0; i < ITERATIONS && datum !== "wgs84"; i += 1) {
    const [shiftedLon, shiftedLat] = toDatum([lon, lat], datum);
    lon += coordinate[0] - shiftedLon;
    lat += coordinate[1] - shiftedLat;
  }
  return [lon, lat];
}

function toGcj02([lon, lat]: Coordinate): Coordinate {
  // Outside this box, which is part of the definition, the datum is WGS 84 itself.
  if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lon, lat];
  const [eastM, northM] = offsetM(lon - 105, lat - 35);
  const sine = Math.sin((lat * Math.PI) / 180);
  const flattening = 1 - ECCENTRICITY_SQUARED * sine * sine;
  const root = Math.sqrt(flattening);
  const meridionalM = (SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED)) / (flattening * root);
  const transverseM = (SEMI_MAJOR_M / root) * Math.cos((lat * Math.PI) / 180);
  const degrees = 180 / Math.PI;
  return [lon + (eastM / transverseM) * degrees, lat + (northM / meridionalM) * degrees];
}

function offsetM(x: number, y: number): Coordinate {
  const root = Math.sqrt(Math.abs(x));
  const wave = (amplitude: number, angle: number) => amplitude * Math.sin(angle * Math.PI);
  const shared = (wave(20, 6 * x) + wave(20, 2 * x)) * (2 / 3);
  const east = (wave(20, x) + wave(40, x / 3) + wave(150, x / 12) + wave(300, x / 30)) * (2 / 3);
  const north = (wave(20, y) + wave(40, y / 3) + wave(160, y / 12) + wave(320, y / 30)) * (2 / 3);
  return [
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + shared + east,
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + shared + north,
  ];
}

function toBd09([lon, lat]: Coordinate): Coordinate {
  const radius = Math.hypot(lon, lat) + 0.00002 * Math.sin(lat * BD_RADIANS);
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * BD_RADIANS);
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006];
}
