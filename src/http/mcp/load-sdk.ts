export type Sdk = typeof import("./sdk.ts");

let loaded: Sdk | undefined;

/** The used parts of the MCP SDK. The first call in an isolate imports them. */
export async function loadSdk(): Promise<Sdk> {
  loaded ??= await import("./sdk.ts");
  return loaded;
}
