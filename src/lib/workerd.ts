/** The Workers runtime; undefined in Node. https://developers.cloudflare.com/workers/configuration/compatibility-flags/ */
export const { Cloudflare: workerd } = globalThis as {
  Cloudflare?: { readonly compatibilityFlags: Readonly<Record<string, boolean>> };
};
