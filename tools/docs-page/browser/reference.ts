import { createApiReference } from "@scalar/api-reference";
import "@scalar/api-reference/style.css";

/** Shows the document. The key is sent with requests that are tried there, and stored nowhere. */
export function showReference(
  element: Element,
  { document, key }: { readonly document: object; readonly key: string },
): { destroy(): void } {
  return createApiReference(element, {
    /* Without a key, no credential is sent. */
    content: withoutProblemDetails(key === "" ? { ...document, security: [] } : document),
    ...(key !== "" && {
      authentication: {
        preferredSecurityScheme: "apiKey-scheme",
        securitySchemes: { "apiKey-scheme": { token: key } },
      },
    }),
    hideDarkModeToggle: true,
    hideClientButton: true,
    showDeveloperTools: "never",
    documentDownloadType: "json",
    defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
    persistAuth: false,
    telemetry: false,
    withDefaultFonts: false,
    agent: { disabled: true },
  });
}

/** Drops the second form of each error, with which the page would take twice as long to render. */
const withoutProblemDetails = (document: object): object =>
  JSON.parse(
    JSON.stringify(document, (key, value) => (key === "application/problem+json" ? undefined : value)),
  );
