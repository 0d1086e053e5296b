import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

import { collectLicences } from "./scripts/licences.ts";

export default defineConfig({
  base: "./", // the site also works below a path prefix
  plugins: [vue(), collectLicences()],
  define: { __VUE_OPTIONS_API__: "false" },
  build: {
    outDir: "../api/web",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // The content security policy allows images from data: but a file caches better.
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
