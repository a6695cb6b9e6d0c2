// biome-ignore lint/suspicious/noExplicitAny: parts of an OpenAPI document, which tests reach into
export type Parts = Record<string, any>;

/** Resolves a `$ref`; anything else stays the same. */
export function resolved(document: Parts, part: Parts | undefined): Parts | undefined {
  if (typeof part?.$ref !== "string") return part;
  const names = part.$ref.slice(2).split("/");
  return names.reduce<Parts | undefined>((found, name) => found?.[name], document);
}

interface Request {
  readonly method: string;
  readonly path: string;
}

/** The path's operation with the parameters of both. Undefined for a path that is not in the document. */
export function operationOf(document: Parts, { method, path }: Request) {
  const template = templateOf(document, path) ?? "";
  const item = document.paths[template];
  if (!item) return undefined;
  const operation: Parts | undefined = item[method === "HEAD" ? "get" : method.toLowerCase()];
  const parameters: Parts[] = [...(item.parameters ?? []), ...(operation?.parameters ?? [])];
  return { template, operation, parameters };
}

/** A path without braces comes before one with braces. Both follow the server's address. */
function templateOf(document: Parts, path: string): string | undefined {
  const server = document.servers[0].url.replace(/\/$/, "");
  const { pathname } = new URL(`https://edge.test${path}`);
  const rest = pathname.slice(server.length) || "/";
  if (!pathname.startsWith(server)) return undefined;
  if (document.paths[rest]) return rest;
  const segments = rest.split("/");
  return Object.keys(document.paths).find((template) => {
    const parts = template.split("/");
    return (
      template.includes("{") &&
      parts.length === segments.length &&
      parts.every((part, i) => part.startsWith("{") || part === segments[i])
    );
  });
}
