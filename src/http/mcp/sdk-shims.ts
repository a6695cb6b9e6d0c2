/*
 * Replaces the SDK's own shims in the bundle (wrangler.toml, tools/serve/build-worker.ts). The SDK's shims build
 * every schema of the protocol when the isolate starts, and bring a validator for a feature that is not used here:
 * asking the user behind a model.
 */

/** Constructed by the SDK with every server. Throws if it is used. */
export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error("nothing is elicited");
  }
}

/** Standard streams do not exist in a Worker. */
export const process = {};
