// Serves this folder: `npm run demo`, and the tests. Nothing but Node.
//
//   node scripts/serve.mjs [PORT]
import { createReadStream, realpathSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = realpathSync(fileURLToPath(new URL("..", import.meta.url)));
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".gif": "image/gif",
  ".png": "image/png",
  ".wav": "audio/wav",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
};

/** Starts a server on this machine alone; port 0 takes any. */
export function serve(port = 0) {
  const server = createServer((request, response) => {
    const headers = {
      // Cross-origin isolated, as pages are that share memory between Workers.
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
    };
    const refuse = (status) => response.writeHead(status, headers).end();
    let path;
    try {
      path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    } catch {
      return refuse(400);
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuse(405);
    }
    if (path === "/") {
      return response.writeHead(302, { ...headers, Location: "/demo/" }).end();
    }
    const file = join(ROOT, path.endsWith("/") ? `${path}index.html` : path);
    const found = file.startsWith(ROOT + sep) && statSync(file, { throwIfNoEntry: false });
    if (!found || !found.isFile()) {
      return refuse(404);
    }
    // Players ask for ranges, and cannot seek without them.
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range ? Number(range[1]) : 0;
    const end = range && range[2] ? Math.min(Number(range[2]), found.size - 1) : found.size - 1;
    if (range && (start >= found.size || end < start)) {
      return response.writeHead(416, { ...headers, "Content-Range": `bytes */${found.size}` }).end();
    }
    response.writeHead(range ? 206 : 200, {
      ...headers,
      "Accept-Ranges": "bytes",
      "Content-Length": end - start + 1,
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
      ...(range && { "Content-Range": `bytes ${start}-${end}/${found.size}` }),
    });
    if (request.method === "HEAD" || found.size === 0) {
      return response.end();
    }
    const stream = createReadStream(file, { start, end });
    stream.on("error", () => response.destroy());
    return stream.pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const origin = `http://localhost:${server.address().port}`;
      resolve({ server, origin, close: () => new Promise((done) => server.close(done)) });
    });
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { origin } = await serve(Number(process.argv[2] ?? 8080));
  console.log(`${origin}/demo/  (Ctrl-C ends it)`);
}
