/*
 * What the served Worker is wrapped in: the platform's parts that plain workerd does not bring, as bindings.
 */
import { env } from "cloudflare:workers";
import worker from "./worker.js";

const WINDOW_MS = 60_000;
const MAX_WINDOWS = 10_000;

/** The platform's rate-limit binding: requests of a key in windows of a minute, which begin with its first. */
function rateLimit(limit) {
  const windows = new Map();
  return {
    async limit({ key }) {
      const now = Date.now();
      if (windows.size > MAX_WINDOWS)
        for (const [each, { end }] of windows) if (end <= now) windows.delete(each);
      const known = windows.get(key);
      const window = known && now < known.end ? known : { end: now + WINDOW_MS, count: 0 };
      window.count++;
      windows.set(key, window);
      return { success: window.count <= limit };
    },
  };
}

const platform = {
  RATE_LIMIT_60: rateLimit(60),
  RATE_LIMIT_300: rateLimit(300),
  RATE_LIMIT_1000: rateLimit(1000),
  RATE_LIMIT_6000: rateLimit(6000),
  RATE_LIMIT_UNKNOWN: rateLimit(600),
};
const bindings = { ...env, ...platform };

const ASSETS = "/docs-assets/";
const CONTENT_TYPES = { js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };

/** The platform's static assets: a file of the build is answered before the Worker is asked. */
async function findAsset(request) {
  const { pathname } = new URL(request.url);
  const type = CONTENT_TYPES[pathname.slice(pathname.lastIndexOf(".") + 1)];
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead || !type || !pathname.startsWith(ASSETS)) return undefined;
  const file = await env.ASSETS_DISK.fetch(`http://disk${pathname}`, { method: request.method });
  if (!file.ok) return undefined;
  const modified = file.headers.get("Last-Modified") ?? "";
  const headers = {
    "Content-Type": type,
    "Cache-Control": "public, max-age=0, must-revalidate",
    "Last-Modified": modified,
    "X-Content-Type-Options": "nosniff",
  };
  if (request.headers.get("If-Modified-Since") !== modified) return new Response(file.body, { headers });
  await file.body?.cancel();
  return new Response(null, { status: 304, headers });
}

export default {
  async fetch(request, _, ctx) {
    const asset = request.url.includes(ASSETS) ? await findAsset(request) : undefined;
    return asset ?? worker.fetch(request, bindings, ctx);
  },
};

/** The internal socket's entrypoint: workerd has no cron, so the supervisor calls once a minute. */
export const cron = {
  async fetch(_request, _env, ctx) {
    if (!worker.scheduled) return new Response("The Worker has no scheduled handler", { status: 404 });
    const controller = { cron: "* * * * *", scheduledTime: Date.now(), noRetry() {} };
    await worker.scheduled(controller, bindings, ctx);
    return new Response("done");
  },
};

const MAX_FILE_NAME_BYTES = 255;
const LIST_LIMIT = 1000;

/*
 * A KV namespace over workerd's disk service reads, writes and deletes files. The rest is added to the binding object
 * itself, so that `get` stays native: listing; deleting what is absent (an error there, none on the platform);
 * refusing what the disk would lose or never answer.
 */
const nativePut = env.API_KEYS.put.bind(env.API_KEYS);

async function list({ prefix, limit, cursor } = {}) {
  const response = await env.API_KEYS_DISK.fetch("http://disk/");
  const entries = await response.json();
  const after = cursor ?? "";
  const names = entries
    .filter(({ type, name }) => type === "file" && name.startsWith(prefix ?? "") && name > after)
    .map(({ name }) => name)
    .sort();
  const page = names.slice(0, limit ?? LIST_LIMIT);
  const keys = page.map((name) => ({ name }));
  if (page.length === names.length) return { keys, list_complete: true, cacheStatus: null };
  return { keys, list_complete: false, cursor: page.at(-1), cacheStatus: null };
}

async function put(key, value, options) {
  const isStorable = /^[^./][^/]*$/.test(key) && new TextEncoder().encode(key).length <= MAX_FILE_NAME_BYTES;
  if (!isStorable) throw new TypeError(`KV on disk cannot hold the key '${key}'`);
  if (options?.metadata) throw new TypeError("KV on disk holds no metadata");
  return nativePut(key, value, options);
}

async function remove(key) {
  const url = `http://disk/${encodeURIComponent(key)}`;
  const { ok, status } = await env.API_KEYS_DISK.fetch(url, { method: "DELETE" });
  if (!ok && status !== 404) throw new Error(`KV DELETE failed: ${status}`);
}

Object.defineProperties(env.API_KEYS, {
  list: { value: list },
  put: { value: put },
  delete: { value: remove },
});
