import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildWorkspaceDocument } from "../../../src/openapi/workspace-document.ts";
import { queryFacts } from "../../../src/services/openapi/query-facts.ts";
import { shopCatalog } from "../../support/shop-catalog.ts";
import { sketchCatalog } from "../../support/sketch-catalog.ts";
import { everyTypeCatalog } from "./every-type-catalog.ts";

/** Problems that Redocly's linter finds with its recommended rules, warnings included. */
function lint(document: object): unknown[] {
  const directory = mkdtempSync(join(tmpdir(), "redocly-test-"));
  try {
    const file = join(directory, "openapi.json");
    writeFileSync(file, JSON.stringify(document));
    const output = run(["redocly", "lint", file, "--extends=recommended", "--format=json"]);
    return JSON.parse(output).problems.map(({ ruleId, message, location }: Problem) => {
      return `${ruleId}: ${message} at ${location[0]?.pointer}`;
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Problem {
  readonly ruleId: string;
  readonly message: string;
  readonly location: readonly { readonly pointer: string }[];
}

/** What a command prints, also when it fails. */
function run(command: string[]): string {
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  try {
    return execFileSync("npx", command, { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (failure) {
    return (failure as { stdout: string }).stdout;
  }
}

it.each([
  ["of a shop", buildWorkspaceDocument(shopCatalog(), queryFacts)],
  ["of every column type", buildWorkspaceDocument(everyTypeCatalog, queryFacts)],
  ["of a workspace without entities", buildWorkspaceDocument(sketchCatalog([]), queryFacts)],
])("Redocly finds nothing in the document %s", (_, document) => {
  expect(lint(document)).toEqual([]);
});

it("finds what is wrong, so that finding nothing means something", () => {
  const { license: _, ...info } = { license: "", title: "Wrong", version: "1" };
  expect(lint({ openapi: "3.1.0", info, paths: {} }).length).toBeGreaterThan(0);
});
