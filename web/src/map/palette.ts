// Every colour and mark of the map in one place, for light and for dark.

export interface Palette {
  ground: string;
  gridFill: string;
  gridLine: string;
  upperLine: string;
  label: string;
  labelHalo: string;
  chosenFill: string;
  chosenLine: string;
  place: string;
  placeRing: string;
  areaFill: string;
  areaLine: string;
  kindRing: string;
  kinds: readonly string[];
}

export const LIGHT: Palette = {
  ground: "#eef2f1",
  gridFill: "rgba(255, 255, 255, 0.72)",
  gridLine: "#93a6ac",
  upperLine: "#40606b",
  label: "#243b44",
  labelHalo: "rgba(255, 255, 255, 0.9)",
  chosenFill: "rgba(255, 193, 61, 0.34)",
  chosenLine: "#a34a00",
  place: "#a3123f",
  placeRing: "#ffffff",
  areaFill: "rgba(11, 92, 107, 0.1)",
  areaLine: "#0b5c6b",
  kindRing: "#ffffff",
  // Okabe and Ito's colour-blind-safe set, darkened for 3:1 on the ground.
  kinds: ["#0064a3", "#b8480a", "#00704f", "#9b4f86", "#7a6200", "#444444"],
};

export const DARK: Palette = {
  ground: "#11191d",
  gridFill: "rgba(33, 46, 53, 0.75)",
  gridLine: "#51666f",
  upperLine: "#9db3bb",
  label: "#dce7ea",
  labelHalo: "rgba(17, 25, 29, 0.9)",
  chosenFill: "rgba(255, 193, 61, 0.26)",
  chosenLine: "#ffc13d",
  place: "#ff7d9e",
  placeRing: "#11191d",
  areaFill: "rgba(86, 196, 214, 0.14)",
  areaLine: "#56c4d6",
  kindRing: "#11191d",
  kinds: ["#6cb8f0", "#f29a5b", "#45c79c", "#d999c5", "#d8bf4a", "#bdbdbd"],
};

/** A mark is a regular figure, so that colour is never the only sign of a kind. */
export interface Mark {
  corners: number;
  rotation: number;
  colourIndex: number;
}

const FIGURES: readonly Omit<Mark, "colourIndex">[] = [
  { corners: 4, rotation: Math.PI / 4 }, // square
  { corners: 3, rotation: 0 }, // triangle
  { corners: 32, rotation: 0 }, // disc
  { corners: 4, rotation: 0 }, // diamond
  { corners: 5, rotation: 0 }, // pentagon
  { corners: 3, rotation: Math.PI }, // triangle upside down
];

/** The mark of a kind among all kinds of the site, in their order. */
export function markOf(kind: string, kinds: readonly string[]): Mark {
  const index = Math.max(0, kinds.indexOf(kind)) % FIGURES.length;
  return { ...(FIGURES[index] as Omit<Mark, "colourIndex">), colourIndex: index };
}

/** Corners of a mark around (0, 0), y down, the first one at the top before rotation. */
export function markCorners({ corners, rotation }: Mark, radius: number): [number, number][] {
  return Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners + rotation;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}
