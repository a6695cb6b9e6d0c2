/** The Workers runtime; undefined in Node. https://developers.cloudflare.com/workers/runtime-apis/web-standards/ */
export const { Cloudflare: workerd } = globalThis as {
  Cloudflare?: { readonly compatibilityFlags: Readonly<Record<string, boolean>> };
};
