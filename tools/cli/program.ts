import { Command, CommanderError } from "commander";
import { OperatorError, runCommand } from "../runtime/operator-error.ts";
import { ApiError } from "./api/api-error.ts";
import { addAdminKeys } from "./commands/admin-keys.ts";
import { addAudit } from "./commands/audit.ts";
import { addExport } from "./commands/export.ts";
import { addImport } from "./commands/import.ts";
import { addIssuers } from "./commands/issuers.ts";
import { addKeys } from "./commands/keys.ts";
import { addMe } from "./commands/me.ts";
import { addMembers } from "./commands/members.ts";
import { parseNumber } from "./commands/option-values.ts";
import { addOrganizations } from "./commands/organizations.ts";
import { addProfiles } from "./commands/profiles.ts";
import { addRoles } from "./commands/roles.ts";
import { addSchema } from "./commands/schema.ts";
import { addTokens } from "./commands/tokens.ts";
import { addTypes } from "./commands/types.ts";
import { addWebhooks } from "./commands/webhooks.ts";
import { addWorkspaces } from "./commands/workspaces.ts";
import { ExitCode, usageError } from "./exit-codes.ts";

const DEFAULT_RETRIES = 8;

const HELP = `
Without an address, the commands use the deployment of npm run dev and its demo workspace, if they exist.
Exit codes: 0 done; 1 some rows, or the request, were refused; 2 wrong usage, nothing was sent; 3 cannot connect.
npm prints two lines of its own unless it runs with -s: npm run -s cli -- export Flight > flights.ndjson`;

const COMMANDS = [
  addImport,
  addExport,
  addTypes,
  addSchema,
  addKeys,
  addRoles,
  addIssuers,
  addTokens,
  addWebhooks,
  addAudit,
  addWorkspaces,
  addOrganizations,
  addMembers,
  addAdminKeys,
  addMe,
  addProfiles,
];

function createProgram(): Command {
  const program = new Command("npm run cli --")
    .description("Work with a SchemaStack Edge deployment: records, types, schemas, keys, webhooks and more")
    .option("--profile <name>", "a deployment that profiles save has saved (SCHEMASTACK_PROFILE)")
    .option("--url <address>", "the deployment's address (SCHEMASTACK_URL)")
    .option("--key <key>", "an API key, for import, export, types and tokens mint (SCHEMASTACK_KEY)")
    .option(
      "--admin-token <token>",
      "the admin token or an admin key, for all other commands (SCHEMASTACK_ADMIN_TOKEN)",
    )
    .option("--org <slug>", "the organization (SCHEMASTACK_ORG)")
    .option("--workspace <slug>", "the workspace (SCHEMASTACK_WORKSPACE)")
    .option("--retries <n>", "how often a request is repeated when it can be", parseNumber, DEFAULT_RETRIES)
    .option("--json", "results, and failures, as JSON")
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("Add --help for the options.")
    .addHelpText("after", HELP)
    .exitOverride();
  for (const add of COMMANDS) add(program);
  for (const command of program.commands) inheritSettings(command, program);
  return program;
}

/** Passes the settings on: commander copies them only to commands that exist already. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(child, command);
}

/** Runs the command of this process's arguments. */
export function runProgram(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedPipe);
  return runCommand(main);
}

/** A reader that has seen enough (`| head`) is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

async function main(): Promise<void> {
  const isJson = process.argv.includes("--json");
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE;
      return;
    }
    const failure = toOperatorError(error);
    if (!isJson || !(failure instanceof OperatorError)) throw failure;
    console.error(JSON.stringify({ error: describeFailure(failure) }));
    process.exitCode = failure.exitCode;
  }
}

/** Turns errors of the file system into messages for the terminal. */
function toOperatorError(error: unknown): unknown {
  const isOfSystem = error instanceof Error && "syscall" in error && "path" in error;
  return isOfSystem ? usageError(error.message) : error;
}

function describeFailure(failure: OperatorError): object {
  if (failure instanceof ApiError) return { status: failure.status, ...failure.error };
  const code = failure.exitCode === ExitCode.UNREACHABLE ? "UNREACHABLE" : "USAGE";
  return { code, message: failure.message };
}
