// OpenLayers styles of the map: grids, labels where there is room, points by kind, the answer.
import type { FeatureLike } from "ol/Feature";
import { getHeight, getWidth } from "ol/extent";
import { Circle, Fill, RegularShape, Stroke, Style, Text } from "ol/style";
import type { StyleFunction } from "ol/style/Style";

import { markOf, type Palette } from "./palette";

const FONT_FAMILY =
  'system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans", sans-serif';
const SHORT_CODE_LENGTH = 7;
const MARK_RADIUS_PX = 7;
const FAR_MARK_RADIUS_PX = 4.5;
/** Above this, about a city on a screen, points are drawn small. */
const FAR_M_PER_PX = 16;

/** What a label says: a short code, else the name (Chinese grid codes have fifteen digits). */
export function labelOf(code: string, name: string): string {
  return code.length <= SHORT_CODE_LENGTH || name === "" ? code : name;
}

export function styleGrids(palette: Palette): Style {
  return new Style({
    fill: new Fill({ color: palette.gridFill }),
    stroke: new Stroke({ color: palette.gridLine, width: 1 }),
  });
}

export function styleUpperGrids(palette: Palette): Style {
  return new Style({ stroke: new Stroke({ color: palette.upperLine, width: 2 }) });
}

/** Labels of grids that have room for them, at the resolutions where `isLabelled`. */
export function styleLabels(
  palette: Palette,
  sizePx: number,
  isLabelled: (resolution: number) => boolean,
): StyleFunction {
  const style = new Style({ text: makeText(palette, sizePx) });
  return (feature, resolution) => {
    const label = readLabel(feature);
    if (!isLabelled(resolution) || !hasRoom(feature, resolution, label, sizePx)) return undefined;
    style.getText()?.setText(label);
    return style;
  };
}

export function styleChosen(palette: Palette): Style[] {
  return [
    new Style({ stroke: new Stroke({ color: palette.labelHalo, width: 6 }) }),
    new Style({
      fill: new Fill({ color: palette.chosenFill }),
      stroke: new Stroke({ color: palette.chosenLine, width: 3 }),
    }),
  ];
}

export function stylePoints(
  palette: Palette,
  kinds: readonly string[],
  isShown: (kind: string) => boolean,
): StyleFunction {
  const near = new Map(kinds.map((kind) => [kind, makeMark(palette, kind, kinds, MARK_RADIUS_PX)]));
  const far = new Map(
    kinds.map((kind) => [kind, makeMark(palette, kind, kinds, FAR_MARK_RADIUS_PX)]),
  );
  return (feature, resolution) => {
    const kind = String(feature.get("kind"));
    if (!isShown(kind)) return undefined;
    return (resolution > FAR_M_PER_PX ? far : near).get(kind);
  };
}

export function styleArea(palette: Palette, label: string): Style {
  const text = makeText(palette, 13);
  text.setText(label);
  text.setFill(new Fill({ color: palette.areaLine }));
  text.setPlacement("line");
  text.setTextBaseline("bottom");
  text.setOverflow(true);
  return new Style({
    fill: new Fill({ color: palette.areaFill }),
    stroke: new Stroke({ color: palette.areaLine, width: 2, lineDash: [7, 5] }),
    text,
  });
}

export function stylePlace(palette: Palette): Style[] {
  const ring = (radius: number, fill: string) =>
    new Style({ image: new Circle({ radius, fill: new Fill({ color: fill }) }), zIndex: 10 });
  return [ring(10, palette.placeRing), ring(8, palette.place), ring(3, palette.placeRing)];
}

function makeText(palette: Palette, sizePx: number): Text {
  return new Text({
    font: `600 ${sizePx}px ${FONT_FAMILY}`,
    fill: new Fill({ color: palette.label }),
    stroke: new Stroke({ color: palette.labelHalo, width: 3 }),
    overflow: true,
  });
}

function makeMark(
  palette: Palette,
  kind: string,
  kinds: readonly string[],
  radiusPx: number,
): Style {
  const mark = markOf(kind, kinds);
  return new Style({
    image: new RegularShape({
      points: mark.corners,
      radius: radiusPx + (mark.corners === 3 ? 1 : 0),
      rotation: mark.rotation,
      fill: new Fill({ color: palette.kinds[mark.colourIndex] ?? palette.label }),
      stroke: new Stroke({ color: palette.kindRing, width: 1 }),
    }),
  });
}

function readLabel(feature: FeatureLike): string {
  return labelOf(String(feature.getId() ?? ""), String(feature.get("name") ?? ""));
}

function hasRoom(feature: FeatureLike, resolution: number, label: string, sizePx: number): boolean {
  const extent = feature.getGeometry()?.getExtent();
  if (extent === undefined) return false;
  // A letter is about 0.7 of the size wide, a Chinese character a full one.
  const widthPx =
    [...label].reduce((sum, letter) => sum + (letter > "\u2e80" ? 1 : 0.7), 0) * sizePx;
  return (
    getWidth(extent) / resolution > widthPx * 1.25 && getHeight(extent) / resolution > sizePx * 1.8
  );
}
