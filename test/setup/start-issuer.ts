import type { TestProject } from "vitest/node";
import { startIssuers } from "../support/processes/test-issuers.ts";

/** Identity providers for the whole run; every test makes its own, by name. */
export default async function startIssuer(project: TestProject): Promise<() => Promise<void>> {
  const issuers = await startIssuers();
  project.provide("issuerUrl", issuers.url);
  return issuers.close;
}

declare module "vitest" {
  interface ProvidedContext {
    issuerUrl: string;
  }
}
