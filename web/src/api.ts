// The answers of the server, and the only `fetch` of the pages.

export type Datum = "wgs84" | "gcj02" | "bd09";
export type Bbox = [west: number, south: number, east: number, north: number];

export interface Level {
  rank: number;
  code: string;
  name: string;
}

export interface Source {
  layer?: string;
  title?: string | null;
  authority?: string | null;
  url?: string | null;
  licence?: string | null;
  date?: string | null;
}

export interface Edition {
  number: number;
  valid_from: string;
  valid_to: string | null;
  grid_count: number;
  area_m2: number;
  source: Source | null;
}

export interface Layer {
  code: string;
  name: string;
  levels: Level[];
  edition: Edition | null;
  bbox: Bbox | null;
}

export interface GridRef {
  code: string;
  name: string;
  level: string;
}

export interface Responsible {
  role: string | null;
  member: string | null;
  phone: string | null;
  grid: string;
  acting_for: string | null;
  reason: string | null;
  reason_code: "vacant_role" | "vacant_grid" | "vacant_chain" | null;
  vacant?: { role: string | null; level: string; grid: string } | null;
}

export interface LookupResult {
  layer: string;
  edition: number | null;
  grid: GridRef | null;
  chain: GridRef[];
  responsible: Responsible[];
  border: { distance_m: number; neighbour: string | null } | null;
  certainty: "certain" | "ambiguous" | "outside";
  nearest?: { code: string; name: string; distance_m: number } | null;
  reason?: string | null;
}

export interface Lookup {
  lon: number;
  lat: number;
  at: string;
  results: LookupResult[];
}

export interface GridDetail {
  layer: string;
  edition: number;
  grid: GridRef;
  chain: GridRef[];
  children: string[];
  area_m2: number;
  bbox: Bbox;
  responsible: Responsible[];
}

export interface ServicePoint {
  code: string;
  kind: string;
  name: string;
  lon: number;
  lat: number;
  address: string | null;
  phone: string | null;
  hours: string | null;
  services: string[];
}

export interface NearbyPoint extends ServicePoint {
  distance_m: number;
  minutes: number;
  method: string;
  within: boolean;
}

export interface PageInfo {
  version: string;
  timezone: string;
  basemap: { url: string; datum: Datum };
  sources: Source[];
  languages: string[];
}

export interface Feature {
  type: "Feature";
  id?: string;
  properties: Record<string, unknown>;
  geometry: { type: string; coordinates: unknown };
}

export interface FeatureCollection {
  type: "FeatureCollection";
  edition?: number | null;
  features: Feature[];
}

export type ProblemKind = "unreachable" | "slow" | "refused" | "missing" | "broken";

/** What kept an answer from coming; `detail` is the server's own English sentence, if it gave one. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly detail: string | null;

  constructor(kind: ProblemKind, detail: string | null = null) {
    super(detail ?? kind);
    this.name = "Problem";
    this.kind = kind;
    this.detail = detail;
  }
}

const TIMEOUT_MS = 20_000;
const PAGE_SIZE = 500;

type Query = Record<string, string | number | null | undefined>;

export function fetchPageInfo(signal: AbortSignal): Promise<PageInfo> {
  return get("page", {}, signal);
}

export async function fetchLayers(signal: AbortSignal): Promise<Layer[]> {
  return (await get<{ layers: Layer[] }>("layers", {}, signal)).layers;
}

export async function fetchEditions(layer: string, signal: AbortSignal): Promise<Edition[]> {
  const path = `layers/${encodeURIComponent(layer)}/editions`;
  return (await get<{ editions: Edition[] }>(path, {}, signal)).editions;
}

export function fetchGrids(
  layer: string,
  level: string,
  at: string | null,
  signal: AbortSignal,
): Promise<FeatureCollection> {
  return get(`layers/${encodeURIComponent(layer)}/grids.geojson`, { level, at }, signal);
}

export function fetchGrid(
  layer: string,
  code: string,
  at: string | null,
  signal: AbortSignal,
): Promise<GridDetail> {
  return get(`grids/${encodeURIComponent(layer)}/${encodeURIComponent(code)}`, { at }, signal);
}

/** Ask every layer about one place; lon and lat in degrees of `datum`, the answer's in WGS 84. */
export function lookUp(
  place: { lon: number; lat: number; datum: Datum; accuracyM: number | null },
  at: string | null,
  signal: AbortSignal,
): Promise<Lookup> {
  const datum = place.datum === "wgs84" ? null : place.datum;
  const query = { lon: place.lon, lat: place.lat, at, datum, accuracy_m: place.accuracyM };
  return get("lookup", query, signal);
}

/** Fetch all service points, page after page. */
export async function fetchServicePoints(signal: AbortSignal): Promise<ServicePoint[]> {
  const points: ServicePoint[] = [];
  let query: Query | null = { limit: PAGE_SIZE };
  while (query !== null) {
    const page: { service_points: ServicePoint[]; next: string | null } = await get(
      "service-points",
      query,
      signal,
    );
    points.push(...page.service_points);
    query = page.next === null ? null : readQuery(page.next);
  }
  return points;
}

export async function fetchNearest(
  place: { lon: number; lat: number },
  kind: string,
  limit: number,
  signal: AbortSignal,
): Promise<NearbyPoint[]> {
  const query = { lon: place.lon, lat: place.lat, kind, limit };
  const answer = await get<{ service_points: NearbyPoint[] }>(
    "service-points/nearest",
    query,
    signal,
  );
  return answer.service_points;
}

export function fetchServiceArea(
  point: string,
  minutes: number,
  signal: AbortSignal,
): Promise<FeatureCollection> {
  const path = `service-points/${encodeURIComponent(point)}/area`;
  return get(path, { minutes, mode: "walk" }, signal);
}

async function get<Answer>(path: string, query: Query, signal: AbortSignal): Promise<Answer> {
  const controller = new AbortController();
  const passOn = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new Problem("slow")), TIMEOUT_MS);
  signal.addEventListener("abort", passOn, { once: true });
  try {
    signal.throwIfAborted();
    // Relative on purpose: the site may stand below a path prefix.
    const response = await fetch(`./api/v1/${path}${writeQuery(query)}`, {
      signal: controller.signal,
      headers: { Accept: "application/json" },
    });
    if (!response.ok) throw await readProblem(response);
    return (await response.json()) as Answer;
  } catch (error) {
    throw toProblem(error, controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", passOn);
  }
}

function writeQuery(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function readQuery(next: string): Query {
  // Only the query of the link is used: its path may lack the prefix that a proxy adds.
  return Object.fromEntries(new URL(next, "http://server.invalid/").searchParams);
}

async function readProblem(response: Response): Promise<Problem> {
  const kind = kindOfStatus(response.status);
  try {
    const body = (await response.json()) as { detail?: unknown };
    return new Problem(kind, typeof body.detail === "string" ? body.detail : null);
  } catch {
    return new Problem(kind); // a proxy answered with a page of its own
  }
}

function kindOfStatus(status: number): ProblemKind {
  if (status === 404) return "missing";
  if (status === 502 || status === 503 || status === 504) return "unreachable";
  return status >= 400 && status < 500 ? "refused" : "broken";
}

function toProblem(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason; // timed out, or no longer wanted
  if (error instanceof Problem) return error;
  return new Problem(error instanceof SyntaxError ? "broken" : "unreachable");
}
