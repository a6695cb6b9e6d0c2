import { newSecret } from "../../lib/ids.ts";
import { pathParameter } from "../context.ts";
import { respond } from "../response/respond.ts";
import type { Route } from "../route.ts";

/**
 * Allows only the page's own files and no other host. Scalar creates style elements at run time; the nonce of this
 * response allows those that the page's scripts create, and no others.
 */
const contentSecurityPolicy = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

/**
 * `GET /docs/{org}/{workspace}`: the documentation page of a workspace. It contains no data, so it is public: it asks
 * for a key and fetches the document itself. Its scripts and styles are static files (tools/docs-page).
 * docs/openapi.md.
 */
export const docsRoutes: readonly Route[] = [
  {
    path: "/docs/:organization/:workspace",
    handlers: {
      async GET(c) {
        const name = `${pathParameter(c, "organization")}/${pathParameter(c, "workspace")}`;
        const nonce = newSecret();
        return respond(c, pageOf(escapeHtml(name), nonce), {
          headers: {
            "Content-Type": "text/html; charset=UTF-8",
            "Content-Security-Policy": contentSecurityPolicy(nonce),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
          },
        });
      },
    },
  },
];

/* The input has no name, so no form can put the key into a URL. */
const pageOf = (name: string, nonce: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" nonce="${nonce}">
<title>${name} · API reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs-assets/page.css">
<script type="module" src="/docs-assets/page.js"></script>
</head>
<body>
<form class="unlock" id="unlock">
<h1>${name}</h1>
<p>The API reference of this workspace, as its schema stands.</p>
<label for="key">API key</label>
<div class="row">
<input id="key" type="password" placeholder="sk_live_…" autocomplete="off" spellcheck="false" aria-describedby="hint problem" autofocus>
<button id="open">Open</button>
</div>
<p class="hint" id="hint">A key, or the token of a user. Leave it empty to see what is open to anybody. It stays in this page's memory and is forgotten with it.</p>
<p id="problem" role="alert"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
</form>
<div id="views" hidden>
<header class="bar">
<strong>${name}</strong>
<div class="tabs" role="tablist" aria-label="Views">
<button id="show-reference" role="tab" aria-selected="true" aria-controls="reference">Reference</button>
<button id="show-diagram" role="tab" aria-selected="false" aria-controls="diagram" tabindex="-1">Diagram</button>
</div>
<button id="lock">Lock</button>
</header>
<div class="reference" id="reference" role="tabpanel" aria-labelledby="show-reference"></div>
<div class="diagram-view" id="diagram" role="tabpanel" aria-labelledby="show-diagram" hidden></div>
</div>
</body>
</html>
`;

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string) => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? "");
