/* The parts of the platform that plain workerd lacks, as bindings of the Worker that is measured. */
import { env } from "cloudflare:workers";
import worker from "./worker.js";

const WINDOW_MS = 60_000;
const MAX_WINDOWS = 10_000;

/** The platform's rate-limit binding: counts the requests of a key in windows of a minute. */
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

export default {
  fetch: (request, _, ctx) => worker.fetch(request, bindings, ctx),
};

/** The entrypoint of the internal socket. workerd has no cron, so workerd.ts calls it once a minute. */
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
 * A KV namespace over workerd's disk service reads, writes and deletes files. The rest is added to the binding object, so
 * that `get` stays native: listing, deleting what is absent, and refusing what the disk cannot hold.
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
