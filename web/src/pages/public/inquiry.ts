// One question at a time: a new one ends the request of the old, so a stale answer is never shown.
import { shallowRef } from "vue";

import {
  fetchGrid,
  fetchNearest,
  fetchServiceArea,
  lookUp,
  Problem,
  type Datum,
  type FeatureCollection,
  type GridDetail,
  type LookupResult,
  type NearbyPoint,
  type ServicePoint,
} from "../../api";
import type { Place } from "../../place";

export const MINUTES = 15;
const NEAREST_KINDS_LIMIT = 8;

export type Question =
  | { kind: "place"; place: Place; datum: Datum; accuracyM: number | null }
  | { kind: "grid"; layer: string; code: string }
  | { kind: "point"; point: ServicePoint };

export interface Answer {
  question: Question;
  /** In WGS 84, whatever the datum of the question; null for a grid. */
  place: Place | null;
  /** One a layer; empty for a grid. */
  results: LookupResult[];
  grid: GridDetail | null;
  area: FeatureCollection | null;
}

export type Inquiry =
  | { status: "idle" }
  | { status: "waiting"; question: Question }
  | { status: "answered"; answer: Answer }
  | { status: "failed"; question: Question; problem: Problem };

export type Nearest =
  { status: "none" | "waiting" | "failed" } | { status: "found"; points: NearbyPoint[] };

/** What the answer depends on beside the question. */
export interface Circumstances {
  at: string | null;
  kinds: readonly string[];
}

export function useInquiry() {
  const inquiry = shallowRef<Inquiry>({ status: "idle" });
  const nearest = shallowRef<Nearest>({ status: "none" });
  let controller = new AbortController();

  function clear(): void {
    controller.abort();
    controller = new AbortController();
    inquiry.value = { status: "idle" };
    nearest.value = { status: "none" };
  }

  async function ask(question: Question, circumstances: Circumstances): Promise<void> {
    clear();
    const { signal } = controller;
    inquiry.value = { status: "waiting", question };
    try {
      const answer = await findAnswer(question, circumstances.at, signal);
      if (signal.aborted) return;
      inquiry.value = { status: "answered", answer };
      if (question.kind === "place") await askNearest(answer, circumstances.kinds, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      inquiry.value = { status: "failed", question, problem: error };
    }
  }

  /** Show that a question cannot be answered, where that is known without asking. */
  function refuse(question: Question, problem: Problem): void {
    clear();
    inquiry.value = { status: "failed", question, problem };
  }

  async function askNearest(
    answer: Answer,
    kinds: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    nearest.value = { status: "waiting" };
    try {
      const points = await findNearest(answer.place as Place, kinds, signal);
      if (!signal.aborted) nearest.value = { status: "found", points };
    } catch (error) {
      // The answer itself stands: only the list of points says that it failed.
      if (!signal.aborted) nearest.value = { status: "failed" };
      if (!(error instanceof Problem) && !signal.aborted) throw error;
    }
  }

  return { inquiry, nearest, ask, refuse, clear };
}

async function findAnswer(
  question: Question,
  at: string | null,
  signal: AbortSignal,
): Promise<Answer> {
  const empty = { question, place: null, results: [], grid: null, area: null };
  if (question.kind === "grid") {
    return { ...empty, grid: await fetchGrid(question.layer, question.code, at, signal) };
  }
  if (question.kind === "point") {
    const { lon, lat, code } = question.point;
    const place = { lon, lat, datum: "wgs84" as const, accuracyM: null };
    const [lookup, area] = await Promise.all([
      lookUp(place, at, signal),
      fetchServiceArea(code, MINUTES, signal),
    ]);
    return { ...empty, place: { lon, lat }, results: lookup.results, area };
  }
  const { place, datum, accuracyM } = question;
  const { lon, lat, results } = await lookUp({ ...place, datum, accuracyM }, at, signal);
  return { ...empty, place: { lon, lat }, results };
}

async function findNearest(
  place: Place,
  kinds: readonly string[],
  signal: AbortSignal,
): Promise<NearbyPoint[]> {
  const asks = kinds
    .slice(0, NEAREST_KINDS_LIMIT)
    .map((kind) => fetchNearest(place, kind, 1, signal));
  return (await Promise.all(asks)).flat().sort((a, b) => a.distance_m - b.distance_m);
}
