import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { isJsonObject, type JsonObject } from "../../../src/model/json.ts";
import { fetchData } from "../api/api-data.ts";
import { type CommandContext, contextOf, pathOf, workspaceAdmin } from "../command-context.ts";
import { ExitCode, usageError } from "../exit-codes.ts";
import { formatTable } from "../format-table.ts";

interface SchemaDocument {
  readonly version: number;
  readonly entities: readonly JsonObject[];
}

interface Change {
  readonly kind: string;
  readonly entity: string;
  readonly column?: string;
  readonly risk: "SAFE" | "LOSSY" | "BLOCKED";
  readonly reason?: string;
}

interface SchemaPlan {
  readonly version: number;
  readonly changes: readonly Change[];
}

const HELP = `
pull writes the schema with its version and the ids of entities and columns. Edit the file; a changed name beside an
unchanged id is a rename. plan shows what apply would do, and apply does it in one step or not at all. Both refuse
when the schema has changed since it was pulled, unless the file has no version or --ignore-version is given.`;

/** `schema pull|plan|apply`; docs/cli.md. */
export function addSchema(program: Command): void {
  const schema = program
    .command("schema")
    .description("the schema of the workspace as one JSON document (needs the admin token)")
    .addHelpText("after", HELP);
  addPull(schema);
  addPlan(schema);
  addApply(schema);
}

function addPull(schema: Command): void {
  schema
    .command("pull")
    .description("write the schema to a file, or to standard output")
    .argument("[file]")
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { client, path } = workspaceAdmin(context);
      const document = await fetchData<SchemaDocument>(client, { method: "GET", path: `${path}/schema` });
      const text = JSON.stringify(document, null, 2);
      if (file === undefined) return context.print({ value: document, text });
      writeFileSync(pathOf(file), `${text}\n`);
      const { version, entities } = document;
      context.print({
        value: { file: pathOf(file), version, entities: entities.length },
        text: `Schema version ${version} with ${entities.length} entities written to ${pathOf(file)}`,
      });
    });
}

interface VersionOptions {
  readonly ignoreVersion?: boolean;
}

const IGNORE_VERSION = ["--ignore-version", "although the schema may have changed since the pull"] as const;

function addPlan(schema: Command): void {
  schema
    .command("plan")
    .description("show what apply would change, and at what risk")
    .argument("<file>")
    .option(...IGNORE_VERSION)
    .action(async (file: string, _options: unknown, command: Command) => {
      const context = contextOf<VersionOptions>(command);
      const plan = await putSchema(context, file, "?dryRun=true");
      context.print({ value: plan, text: describePlan(plan) });
      if (plan.changes.some(({ risk }) => risk === "BLOCKED")) process.exitCode = ExitCode.REFUSED;
    });
}

function addApply(schema: Command): void {
  schema
    .command("apply")
    .description("change the schema to what the file says")
    .argument("<file>")
    .option("--allow-lossy", "also changes that destroy data")
    .option(...IGNORE_VERSION)
    .action(async (file: string, _options: unknown, command: Command) => {
      const context = contextOf<VersionOptions & { allowLossy?: boolean }>(command);
      const plan = await putSchema(context, file, context.options.allowLossy ? "?allow=lossy" : "");
      const text = `${describeChanges(plan)}\nThe schema is at version ${plan.version}. Pull it before the next change.`;
      context.print({ value: plan, text });
    });
}

async function putSchema(
  context: CommandContext<VersionOptions>,
  file: string,
  query: string,
): Promise<SchemaPlan> {
  const { client, path } = workspaceAdmin(context);
  const { version, ...document } = readDocument(pathOf(file));
  const isGuarded = typeof version === "number" && !context.options.ignoreVersion;
  return fetchData<SchemaPlan>(client, {
    method: "PUT",
    path: `${path}/schema${query}`,
    body: JSON.stringify(document),
    ...(isGuarded && { ifMatch: `"${version}"` }),
  });
}

function readDocument(file: string): JsonObject {
  try {
    const document: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (isJsonObject(document)) return document;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError(`${file} does not hold a JSON object with "entities".`);
}

function describePlan(plan: SchemaPlan): string {
  const isLossy = plan.changes.some(({ risk }) => risk === "LOSSY");
  const hint = isLossy ? "\nLOSSY changes destroy data: apply does them with --allow-lossy only." : "";
  return describeChanges(plan) + hint;
}

function describeChanges({ changes }: SchemaPlan): string {
  if (changes.length === 0) return "Nothing to change.";
  const rows = changes.map(({ kind, entity, column, risk, reason }) => {
    return [risk, kind, column === undefined ? entity : `${entity}.${column}`, reason ?? ""];
  });
  return formatTable(["RISK", "CHANGE", "WHERE", ""], rows);
}
