// The map of the pages: grids, service points and an answer on it. Longitude and latitude in, pixels out.
import { distance } from "ol/coordinate";
import { boundingExtent, getWidth, isEmpty } from "ol/extent";
import type { Extent } from "ol/extent";
import Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import Point from "ol/geom/Point";
import SimpleGeometry from "ol/geom/SimpleGeometry";
import TileLayer from "ol/layer/Tile";
import VectorLayer from "ol/layer/Vector";
import OlMap from "ol/Map";
import type MapBrowserEvent from "ol/MapBrowserEvent";
import ScaleLine from "ol/control/ScaleLine";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import XYZ from "ol/source/XYZ";
import View from "ol/View";

import type { Bbox, Datum, FeatureCollection, ServicePoint } from "../api";
import { roundDegrees, type Place } from "../place";
import { fromDatum, toDatum, type Coordinate } from "./datum";
import { DARK, LIGHT } from "./palette";
import {
  styleArea,
  styleChosen,
  styleGrids,
  styleLabels,
  stylePlace,
  stylePoints,
  styleUpperGrids,
} from "./styles";

export interface GridMapEvents {
  askPlace: (place: Place) => void;
  askPoint: (code: string) => void;
}

/** Free margin around what is brought into sight, as a share of the map. */
const MARGIN_OF_ALL = 0.05;
/** Wider around an answer, so that its neighbours are seen too. */
const MARGIN_OF_ANSWER = 0.2;
const CLOSEST_FIT_ZOOM = 17;
const MOVE_MS = 250;
/** About the radius of a fingertip. */
const HIT_TOLERANCE_PX = 12;
/** Upper levels are labelled while a middling grid is narrower than this. */
const NARROW_GRID_PX = 60;

const DARK_SCHEME = "(prefers-color-scheme: dark)";
const CALM_MOTION = "(prefers-reduced-motion: reduce)";

/** A map in `target`, an element that can be focused, so that arrows, + and − work on it. */
export class GridMap {
  readonly #target: HTMLElement;
  readonly #events: GridMapEvents;
  readonly #layers = makeLayers();
  readonly #map: OlMap;
  readonly #scheme = matchMedia(DARK_SCHEME);
  readonly #applyPalette = () => this.#restyle();
  #datum: Datum = "wgs84";
  #kinds: readonly string[] = [];
  #shownKinds: ReadonlySet<string> = new Set();
  #areaLabel = "";
  #upperLabelsAbove = 0;

  constructor(target: HTMLElement, events: GridMapEvents) {
    this.#target = target;
    this.#events = events;
    const { grids, upper, area, chosen, points, gridLabels, upperLabels, place } = this.#layers;
    this.#map = new OlMap({
      target,
      // Labels over the points: a name is read, a mark is seen anyway.
      layers: [grids, upper, area, chosen, points, gridLabels, upperLabels, place],
      view: new View({ center: [0, 0], zoom: 2, maxZoom: 20, enableRotation: false }),
      controls: [new ScaleLine({ minWidth: 80 })],
    });
    this.#map.on("singleclick", (event) => this.#answerClick(event));
    this.#map.on("pointermove", (event) => this.#showCursor(event));
    this.#scheme.addEventListener("change", this.#applyPalette);
    this.#restyle();
  }

  /** Lay tiles below the grids; everything else is drawn in the datum of the tiles. */
  setBasemap({ url, datum }: { url: string; datum: Datum }): void {
    if (url === "") return;
    this.#datum = datum;
    const source = new XYZ({ url, crossOrigin: "anonymous" });
    this.#map.getLayers().insertAt(0, new TileLayer({ source }));
  }

  setGrids(grids: FeatureCollection, upper: FeatureCollection | null): void {
    const features = this.#readFeatures(grids);
    replace(this.#layers.grids, features);
    replace(this.#layers.upper, upper === null ? [] : this.#readFeatures(upper));
    replace(this.#layers.chosen, []);
    this.#upperLabelsAbove = medianWidth(features) / NARROW_GRID_PX;
    this.#restyle();
  }

  setPoints(points: readonly ServicePoint[], kinds: readonly string[]): void {
    this.#kinds = kinds;
    const features = points.map(({ code, kind, lon, lat }) => {
      const feature = new Feature({ geometry: new Point(this.#toMap([lon, lat])), kind });
      feature.setId(code);
      return feature;
    });
    replace(this.#layers.points, features);
    this.#restyle();
  }

  showKinds(kinds: ReadonlySet<string>): void {
    this.#shownKinds = kinds;
    this.#layers.points.changed();
  }

  choose(code: string | null): void {
    const { grids, upper, chosen } = this.#layers;
    const feature =
      code === null
        ? null
        : (sourceOf(grids).getFeatureById(code) ?? sourceOf(upper).getFeatureById(code));
    // A clone, because a feature must not be in the spatial index of two sources.
    replace(chosen, feature instanceof Feature ? [feature.clone()] : []);
  }

  markPlace(place: Place | null): void {
    const position = place === null ? null : new Point(this.#toMap([place.lon, place.lat]));
    replace(this.#layers.place, position === null ? [] : [new Feature(position)]);
  }

  showArea(area: FeatureCollection | null, label: string): void {
    this.#areaLabel = label;
    replace(this.#layers.area, area === null ? [] : this.#readFeatures(area));
    this.#restyle();
  }

  askCentre(): void {
    const centre = this.#map.getView().getCenter();
    if (centre !== undefined) this.#askAt(centre);
  }

  fitAll(): void {
    this.#fit(sourceOf(this.#layers.grids).getExtent(), MARGIN_OF_ALL, MOVE_MS);
  }

  fitBbox([west, south, east, north]: Bbox): void {
    this.#fit(
      boundingExtent([this.#toMap([west, south]), this.#toMap([east, north])]),
      MARGIN_OF_ALL,
      0,
    );
  }

  /** Bring the answer into sight: the service area, the chosen grid, or the place alone. */
  fitAnswer(): void {
    const { area, chosen, place } = this.#layers;
    const extents = [area, chosen, place].map((layer) => sourceOf(layer).getExtent());
    this.#fit(
      extents.find((extent) => extent !== null && !isEmpty(extent)) ?? null,
      MARGIN_OF_ANSWER,
      MOVE_MS,
    );
  }

  zoomBy(steps: number): void {
    const view = this.#map.getView();
    view.animate({ zoom: (view.getZoom() ?? 2) + steps, duration: calmed(MOVE_MS) });
  }

  destroy(): void {
    this.#scheme.removeEventListener("change", this.#applyPalette);
    this.#map.setTarget(undefined);
    this.#map.dispose();
  }

  #toMap(coordinate: Coordinate): number[] {
    return fromLonLat(toDatum(coordinate, this.#datum));
  }

  #readFeatures(collection: FeatureCollection): Feature[] {
    const features = new GeoJSON().readFeatures(collection);
    for (const feature of features) {
      projectGeometry(feature, (coordinate) => this.#toMap(coordinate));
    }
    return features;
  }

  #restyle(): void {
    const palette = this.#scheme.matches ? DARK : LIGHT;
    const { grids, upper, area, chosen, points, gridLabels, upperLabels, place } = this.#layers;
    this.#target.style.setProperty("--map-ground", palette.ground);
    const isUpperLabelled = (resolution: number) =>
      resolution > this.#upperLabelsAbove && !sourceOf(upper).isEmpty();
    grids.setStyle(styleGrids(palette));
    upper.setStyle(styleUpperGrids(palette));
    gridLabels.setStyle(styleLabels(palette, 12, (resolution) => !isUpperLabelled(resolution)));
    upperLabels.setStyle(styleLabels(palette, 14, isUpperLabelled));
    area.setStyle(styleArea(palette, this.#areaLabel));
    chosen.setStyle(styleChosen(palette));
    points.setStyle(stylePoints(palette, this.#kinds, (kind) => this.#shownKinds.has(kind)));
    place.setStyle(stylePlace(palette));
  }

  #answerClick(event: MapBrowserEvent): void {
    const point = this.#findPoint(event.coordinate);
    if (point === undefined) this.#askAt(event.coordinate);
    else this.#events.askPoint(point);
  }

  #showCursor(event: MapBrowserEvent): void {
    const isOverPoint = !event.dragging && this.#findPoint(event.coordinate) !== undefined;
    this.#target.classList.toggle("map-over-point", isOverPoint);
  }

  #askAt(coordinate: number[]): void {
    const [lon, lat] = fromDatum(toLonLat(coordinate) as Coordinate, this.#datum);
    this.#events.askPlace({ lon: roundDegrees(lon), lat: roundDegrees(lat) });
  }

  /** The code of the shown service point under a coordinate; by distance, not by reading pixels. */
  #findPoint(coordinate: number[]): string | undefined {
    const isShown = (feature: Feature) => this.#shownKinds.has(String(feature.get("kind")));
    const closest = sourceOf(this.#layers.points).getClosestFeatureToCoordinate(
      coordinate,
      isShown,
    );
    const position = closest?.getGeometry()?.getClosestPoint(coordinate);
    const resolution = this.#map.getView().getResolution();
    if (closest == null || position === undefined || resolution === undefined) return undefined;
    const isHit = distance(position, coordinate) / resolution <= HIT_TOLERANCE_PX;
    return isHit ? String(closest.getId()) : undefined;
  }

  #fit(extent: Extent | null, marginShare: number, durationMs: number): void {
    if (extent === null || isEmpty(extent)) return;
    const view = this.#map.getView();
    view.cancelAnimations();
    const [width = 0, height = 0] = this.#map.getSize() ?? [];
    const margin = Math.min(width, height) * marginShare;
    const padding = [margin, margin, margin, margin];
    view.fit(extent, { padding, maxZoom: CLOSEST_FIT_ZOOM, duration: calmed(durationMs) });
  }
}

function calmed(durationMs: number): number {
  return matchMedia(CALM_MOTION).matches ? 0 : durationMs;
}

function makeLayers() {
  const make = () => new VectorLayer({ source: new VectorSource() });
  const makeLabels = (layer: VectorLayer) =>
    new VectorLayer({ source: sourceOf(layer), declutter: true });
  const [grids, upper] = [make(), make()];
  return {
    grids,
    upper,
    gridLabels: makeLabels(grids),
    upperLabels: makeLabels(upper),
    area: make(),
    chosen: make(),
    points: make(),
    place: make(),
  };
}

function sourceOf(layer: VectorLayer): VectorSource {
  return layer.getSource() as VectorSource; // every layer is made with one
}

function replace(layer: VectorLayer, features: Feature[]): void {
  const source = sourceOf(layer);
  source.clear(true);
  source.addFeatures(features);
}

function projectGeometry(feature: Feature, toMap: (coordinate: Coordinate) => number[]): void {
  const geometry = feature.getGeometry();
  if (!(geometry instanceof SimpleGeometry)) return;
  geometry.applyTransform((input, output = input, dimension = 2) => {
    for (let i = 0; i < input.length; i += dimension) {
      const [x, y] = toMap([input[i] as number, input[i + 1] as number]);
      output[i] = x as number;
      output[i + 1] = y as number;
    }
    return output;
  });
}

function medianWidth(features: readonly Feature[]): number {
  const widths = features
    .map((feature) => getWidth(feature.getGeometry()?.getExtent() ?? [0, 0, 0, 0]))
    .sort((a, b) => a - b);
  return widths[Math.floor(widths.length / 2)] ?? 0;
}
