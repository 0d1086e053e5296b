// Writes `licences.txt` beside the pages: the licence of every package whose code was bundled into them.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { Plugin } from "vite";

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

interface PackageManifest {
  name?: string;
  version?: string;
  license?: string;
}

function findPackageFolder(moduleId: string): string | undefined {
  let folder = dirname(moduleId);
  while (folder.includes(`${sep}node_modules${sep}`)) {
    const manifest = join(folder, "package.json");
    // Packages put bare {"type": "module"} manifests into sub-folders: only one with a name is the root.
    if (
      existsSync(manifest) &&
      (JSON.parse(readFileSync(manifest, "utf8")) as PackageManifest).name
    ) {
      return folder;
    }
    folder = dirname(folder);
  }
  return undefined;
}

function describePackage(folder: string): string {
  const manifest = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as PackageManifest;
  const texts = readdirSync(folder)
    .filter((name) => LICENCE_FILE.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trim());
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? "see below"})`;
  return [title, "-".repeat(title.length), ...texts].join("\n\n");
}

export function collectLicences(): Plugin {
  return {
    name: "gridgis-licences",
    generateBundle() {
      const folders = new Set<string>();
      for (const moduleId of this.getModuleIds()) {
        const folder = findPackageFolder(moduleId.replace(/^\0/, "").replace(/\?.*$/, ""));
        if (folder !== undefined) folders.add(folder);
      }
      const source = [...folders].sort().map(describePackage).join("\n\n\n");
      this.emitFile({ type: "asset", fileName: "licences.txt", source: `${source}\n` });
    },
  };
}
