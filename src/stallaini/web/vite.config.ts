import { defineConfig } from "vite";

// While developing: STALLAINI_SERVER=http://127.0.0.1:8080 npm run dev
const server = process.env["STALLAINI_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/",
  build: {
    outDir: "static",
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the page then lives under the content policy "default-src 'self'".
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});
