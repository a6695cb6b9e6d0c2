import { isJsonObject, type JsonObject } from "../model/json.ts";

/** Removes components that nothing in the document refers to, directly or indirectly. */
export function withoutUnused(document: JsonObject): JsonObject {
  const components = Object.entries(isJsonObject(document.components) ? document.components : {});
  const all = new Map<string, JsonObject[string]>(
    components.flatMap(([kind, named]) =>
      Object.entries(named as JsonObject).map(([name, part]) => [`${kind}/${name}`, part] as const),
    ),
  );
  const used = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(/"#\/components\/([^"]+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(all.get(name) ?? {});
    }
  };
  visit(document.paths);
  const kept = components.map(([kind, named]) => {
    const parts = Object.entries(named as JsonObject).filter(([name]) => {
      return kind === "securitySchemes" || used.has(`${kind}/${name}`);
    });
    return [kind, Object.fromEntries(parts)] as const;
  });
  return {
    ...document,
    components: Object.fromEntries(kept.filter(([, named]) => Object.keys(named).length > 0)),
  };
}
