// What the site has: its layers, grids and service points, loaded when first needed.
import { computed, reactive, ref, shallowRef, watch, type Ref } from "vue";

import {
  fetchEditions,
  fetchGrids,
  fetchLayers,
  fetchPageInfo,
  fetchServicePoints,
  Problem,
  type Edition,
  type FeatureCollection,
  type Layer,
  type PageInfo,
  type ServicePoint,
} from "../../api";

export interface GridItem {
  code: string;
  name: string;
  parent: string | null;
  areaM2: number;
}

/**
 * Load the page's settings, the layers and the service points.
 *
 * `problem` says why the page cannot work, `pointsProblem` why only the service points are missing.
 */
export function useSite() {
  const info = shallowRef<PageInfo | null>(null);
  const layers = shallowRef<Layer[]>([]);
  const points = shallowRef<ServicePoint[]>([]);
  const problem = shallowRef<Problem | null>(null);
  const pointsProblem = shallowRef<Problem | null>(null);
  const isLoaded = ref(false);
  const kinds = computed(() => [...new Set(points.value.map((point) => point.kind))].sort());

  async function load(): Promise<void> {
    const { signal } = new AbortController();
    problem.value = null;
    const loadingPoints = loadPoints(signal);
    try {
      [info.value, layers.value] = await Promise.all([fetchPageInfo(signal), fetchLayers(signal)]);
      await loadingPoints; // a link may name a service point
      isLoaded.value = true;
    } catch (error) {
      problem.value = toProblem(error);
    }
  }

  async function loadPoints(signal: AbortSignal): Promise<void> {
    pointsProblem.value = null;
    try {
      points.value = await fetchServicePoints(signal);
    } catch (error) {
      pointsProblem.value = toProblem(error);
    }
  }

  return { info, layers, points, kinds, problem, pointsProblem, isLoaded, load };
}

/** The grids of the chosen layer as of a date, and those one level up; reloaded when either changes. */
export function useGrids(layer: Ref<Layer | null>, at: Ref<string | null>) {
  const grids = shallowRef<FeatureCollection | null>(null);
  const upper = shallowRef<FeatureCollection | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const items = computed(() => listGrids(grids.value));
  const upperItems = computed(() => listGrids(upper.value));
  let controller = new AbortController();

  async function load(): Promise<void> {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    problem.value = null;
    grids.value = null;
    upper.value = null;
    if (layer.value === null) return;
    const { code, levels } = layer.value;
    const [leafLevel, upperLevel] = [...levels].sort((a, b) => b.rank - a.rank);
    try {
      const [loaded, loadedUpper] = await Promise.all([
        fetchGrids(code, leafLevel?.code ?? "", at.value, signal),
        upperLevel ? fetchGrids(code, upperLevel.code, at.value, signal) : null,
      ]);
      if (signal.aborted) return;
      upper.value = loadedUpper;
      grids.value = loaded;
    } catch (error) {
      if (!signal.aborted) problem.value = toProblem(error);
    }
  }

  /** Resolves once the grids are loaded, or cannot be: names are looked up among them. */
  function settle(): Promise<void> {
    const isSettled = () => grids.value !== null || problem.value !== null;
    if (isSettled()) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = watch(isSettled, () => {
        stop();
        resolve();
      });
    });
  }

  watch([layer, at], load);
  return { grids, items, upperItems, upper, problem, settle };
}

/** Find the edition of a number: the one in force is known, older ones are fetched once. */
export function useEditions(layers: Ref<Layer[]>) {
  const fetched = reactive(new Map<string, Edition[]>());

  function findEdition(layerCode: string, number: number | null): Edition | null {
    const inForce = layers.value.find((layer) => layer.code === layerCode)?.edition;
    if (number === null || inForce?.number === number) return inForce ?? null;
    return fetched.get(layerCode)?.find((edition) => edition.number === number) ?? null;
  }

  async function loadEditions(layerCode: string): Promise<void> {
    if (fetched.has(layerCode)) return;
    try {
      fetched.set(layerCode, await fetchEditions(layerCode, new AbortController().signal));
    } catch (error) {
      toProblem(error); // the answer shows the number of the edition without its date
    }
  }

  return { findEdition, loadEditions };
}

function listGrids(collection: FeatureCollection | null): GridItem[] {
  return (collection?.features ?? []).map(({ id, properties }) => ({
    code: String(id ?? properties["code"]),
    name: String(properties["name"] ?? ""),
    parent: typeof properties["parent"] === "string" ? properties["parent"] : null,
    areaM2: Number(properties["area_m2"]),
  }));
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}
