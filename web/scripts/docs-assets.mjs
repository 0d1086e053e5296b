// Copy what the page of the API description needs beside the built pages; run by `npm run build`.
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(web, "node_modules", "swagger-ui-dist");
const target = join(web, "..", "api", "web", "docs");

await mkdir(target, { recursive: true });
for (const name of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
  await copyFile(join(source, name), join(target, name));
}
await copyFile(join(source, "LICENSE"), join(target, "swagger-ui-LICENSE.txt"));
