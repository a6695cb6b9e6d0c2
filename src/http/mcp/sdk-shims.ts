/*
 * Stands in the bundle for the SDK's own shims (wrangler.toml, tools/serve/build-worker.ts). Those build every schema of the
 * protocol as the isolate starts, before it is known whether anyone will ask for MCP, and bring a validator for what is
 * never done here: asking the user behind a model.
 */

/** As the SDK constructs one with every server. Throws when it is used. */
export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error("nothing is elicited");
  }
}

/** Standard streams, which a Worker does not have. */
export const process = {};
