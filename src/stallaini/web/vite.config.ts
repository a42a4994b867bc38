import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

import { defineConfig, type Plugin } from "vite";

// While developing: STALLAINI_SERVER=http://127.0.0.1:8080 npm run dev
const server = process.env["STALLAINI_SERVER"] ?? "http://127.0.0.1:8080";

/** Beside each file of text that repays it, the same packed as small as can be: once here, not at each request. */
function packed(): Plugin {
  return {
    name: "packed",
    closeBundle() {
      for (const entry of readdirSync("static", { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|html|svg|webmanifest)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const whole = readFileSync(path);
        const small = brotliCompressSync(whole);
        if (small.length < whole.length) writeFileSync(`${path}.br`, small);
      }
    },
  };
}

export default defineConfig({
  base: "/",
  plugins: [packed()],
  build: {
    outDir: "static",
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the page then lives under the content policy "default-src 'self'".
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      input: { index: "index.html", sw: "src/sw.js" },
      // A service worker keeps its address for good, and answers for what lies beside it.
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});
