// Copies what the self-contained maps of gridgis/maps need out of node_modules, licences included.
// Usage: node scripts/map-assets.mjs [FOLDER]     (default: ../gridgis/maps/assets)
//
// Style sheets are written with their images inside them, so that a map is one file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const MODULES = join(WEB, "node_modules");

const PACKAGES = [
  {
    name: "leaflet",
    licence: "LICENSE",
    files: { "leaflet.js": "dist/leaflet.js", "leaflet.css": "dist/leaflet.css" },
  },
  {
    name: "leaflet.markercluster",
    licence: "MIT-LICENCE.txt",
    files: {
      "markercluster.js": "dist/leaflet.markercluster.js",
      "markercluster.css": "dist/MarkerCluster.css",
    },
  },
];
const MEDIA_TYPES = { ".png": "image/png", ".svg": "image/svg+xml", ".gif": "image/gif" };

function readText(path) {
  return readFileSync(path, "utf8").replace(/\r\n?/g, "\n");
}

function embedImages(css, folder) {
  return css.replace(/url\((['"]?)([^'")]+)\1\)/g, (whole, _quote, address) => {
    if (address.startsWith("#") || address.startsWith("data:")) return whole;
    const type = MEDIA_TYPES[extname(address)];
    if (!type) throw new Error(`${folder}: do not know how to embed ${address}`);
    return `url(data:${type};base64,${readFileSync(join(folder, address)).toString("base64")})`;
  });
}

function readAsset(path) {
  const text = readText(path);
  if (extname(path) === ".css") return embedImages(text, dirname(path));
  return text.replace(/^\/\/# sourceMappingURL=.*$/gm, "").trimEnd() + "\n";
}

function copyAssets(target) {
  mkdirSync(target, { recursive: true });
  const notices = [];
  for (const { name, licence, files } of PACKAGES) {
    const folder = join(MODULES, name);
    const { version } = JSON.parse(readText(join(folder, "package.json")));
    notices.push(`${name} ${version}\n\n${readText(join(folder, licence)).trim()}\n`);
    for (const [to, from] of Object.entries(files)) {
      writeFileSync(join(target, to), readAsset(join(folder, from)));
    }
  }
  writeFileSync(join(target, "LICENCES.txt"), notices.join("\n----\n\n"));
  return target;
}

const folder = process.argv[2] ?? join(WEB, "..", "gridgis", "maps", "assets");
console.log(`map assets: ${copyAssets(resolve(folder))}`);
