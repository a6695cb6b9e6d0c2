import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

const FOLDER = "/docs-assets/";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** Responds with a file of the documentation page; undefined for any other request. */
export type FindAsset = (request: Request) => Response | undefined;

/** Serves static files as the platform does: before the Worker is asked. They are read when they are asked for. */
export function openAssets(directory: string): FindAsset {
  const names = new Set(readdirSync(join(directory, FOLDER)));
  return (request) => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    const start = request.url.indexOf(FOLDER);
    if (!isRead || start < 0) return undefined;
    const [name = ""] = request.url.slice(start + FOLDER.length).split("?");
    const type = CONTENT_TYPES[extname(name)];
    if (!names.has(name) || !type) return undefined;
    const content = readFileSync(join(directory, FOLDER, name));
    const tag = `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
    const headers = {
      "Content-Type": type,
      "Cache-Control": "public, max-age=0, must-revalidate",
      ETag: tag,
      "X-Content-Type-Options": "nosniff",
    };
    if (request.headers.get("If-None-Match") === tag) return new Response(null, { status: 304, headers });
    return new Response(request.method === "HEAD" ? null : content, { headers });
  };
}
