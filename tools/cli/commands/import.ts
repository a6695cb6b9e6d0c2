import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import type { Entity } from "../../../src/model/entity.ts";
import {
  type Addressed,
  type CommandContext,
  contextOf,
  pathOf,
  workspaceAdmin,
  workspaceApi,
} from "../command-context.ts";
import { ExitCode, usageError } from "../exit-codes.ts";
import { checkRows } from "../import/check-rows.ts";
import { cutBatches } from "../import/cut-batches.ts";
import { describeEntity, fetchColumnNames } from "../import/describe-entity.ts";
import { fingerprintFile } from "../import/fingerprint-file.ts";
import { openJournal } from "../import/import-journal.ts";
import { describeSummary, ImportReport } from "../import/import-report.ts";
import { openRows } from "../import/open-rows.ts";
import { runImport } from "../import/run-import.ts";
import { collect, parseCount } from "./option-values.ts";

const DEFAULT_CONCURRENCY = 4;

interface ImportOptions {
  readonly format?: string;
  readonly map: readonly string[];
  readonly ignoreUnknown?: boolean;
  readonly delimiter: string;
  readonly unescapeFormulas?: boolean;
  readonly fromErrors?: boolean;
  readonly upsertBy?: string;
  readonly dryRun?: boolean;
  readonly again?: boolean;
  readonly concurrency?: number;
  readonly errors?: string;
  readonly state?: string;
}

const HELP = `
Sends bulk requests of up to 100 rows. An interrupted import goes on where it stopped when the same command is
given again, and writes nothing twice. Refused rows go, with their line and the reason, to {file}.errors.ndjson:
correct them there and give that file to import with --from-errors.

Examples:
  import Customer customers.csv
  import Customer customers.csv --map "E-mail=email" --map "Remarks=" --upsert-by email
  import Customer customers.csv.errors.ndjson --from-errors`;

/** `import Entity file`; docs/cli.md. */
export function addImport(program: Command): void {
  program
    .command("import")
    .description("create, or with --upsert-by create or update, a record for every row of a file")
    .argument("<entity>", "name of the entity")
    .argument("<file>", "a .csv file with a header line, .ndjson, or .json with one array")
    .addOption(
      new Option("--format <format>", "when the file's name does not say it").choices([
        "csv",
        "ndjson",
        "json",
      ]),
    )
    .option("--upsert-by <fields>", "match on these fields of a unique rule, and change what is there")
    .option("--map <header=field>", "what a header means; header= leaves it out (repeatable)", collect, [])
    .option("--ignore-unknown", "leave out what the entity has no field for")
    .option("--delimiter <character>", "between the cells of CSV", ",")
    .option("--unescape-formulas", "take off the apostrophe that export puts before =, +, -, @ in CSV")
    .option("--dry-run", "only check the rows here, against the entity's rules; write nothing")
    .option("--from-errors", "the file is an errors file: import the corrected `row` of each line")
    .option("--again", "write the rows once more, although an earlier import of this file has")
    .option(
      "--concurrency <n>",
      `requests at the same time (${DEFAULT_CONCURRENCY}; 1 keeps ids in the file's order, and is the default ` +
        "when records refer to others of their entity)",
      parseCount,
    )
    .option("--errors <file>", "where refused rows go ({file}.errors.ndjson)")
    .option("--state <file>", "where an unfinished import is noted ({file}.{entity}.import)")
    .addHelpText("after", HELP)
    .action(async (entity: string, file: string, _options: unknown, command: Command) => {
      await importFile(contextOf<ImportOptions>(command), entity, pathOf(file));
    });
}

async function importFile(context: CommandContext<ImportOptions>, name: string, file: string): Promise<void> {
  const { options, settings } = context;
  const size = sizeOf(file);
  const api = workspaceApi(context);
  const entity = await describeEntity(api, name);
  const hasAdmin = settings.adminToken !== undefined;
  const columnNames = hasAdmin ? await fetchColumnNames(workspaceAdmin(context), name) : new Map();
  const report = new ImportReport(options.errors ? pathOf(options.errors) : `${file}.errors.ndjson`, size);
  const { rows, readOnly } = openRows(entity, {
    file,
    format: options.format,
    map: options.map,
    ignoreUnknown: options.ignoreUnknown === true,
    columnNames,
    delimiter: options.delimiter,
    unescapeFormulas: options.unescapeFormulas === true,
    fromErrors: options.fromErrors === true,
    onBytes: (count) => {
      report.bytes += count;
    },
  });
  let isWhole = false;
  try {
    if (options.dryRun) {
      const { onRefused, onDone } = report;
      await checkRows({ rows, entity, isUpsert: options.upsertBy !== undefined, onRefused, onDone });
    } else await send({ context, api, entity, file, report, rows });
    isWhole = true;
  } finally {
    report.close({ isWhole });
  }
  if (readOnly.size > 0)
    console.error(`Left out, because the server writes it: ${[...readOnly].join(", ")}.`);
  const summary = report.summary(name, options.dryRun === true);
  context.print({ value: summary, text: describeSummary(summary) });
  if (summary.failed > 0) process.exitCode = ExitCode.REFUSED;
}

interface Sending {
  readonly context: CommandContext<ImportOptions>;
  readonly api: Addressed;
  readonly entity: Entity;
  readonly file: string;
  readonly report: ImportReport;
  readonly rows: Parameters<typeof cutBatches>[0];
}

async function send({ context, api, entity, file, report, rows }: Sending): Promise<void> {
  const { options, settings } = context;
  const { onRefused, onDone } = report;
  const upsertBy = options.upsertBy?.split(",") ?? [];
  const query = options.upsertBy === undefined ? "" : `?upsertBy=${encodeURIComponent(options.upsertBy)}`;
  const path = `${api.path}/${encodeURIComponent(entity.name)}/bulk${query}`;
  const journal = await openJournal({
    file: options.state ? pathOf(options.state) : `${file}.${entity.name}.import`,
    target: settings.url + path,
    fingerprint: await fingerprintFile(file, readingOf(options)),
    again: options.again === true,
    onKnown({ succeeded, refused }) {
      for (const row of refused) onRefused(row);
      onDone({ succeeded, failed: refused.length, isReplayed: true });
    },
  });
  const refersToItself = entity.columns.some(({ references }) => references?.entity === entity.name);
  await runImport({
    cuts: cutBatches(rows),
    target: { client: api.client, method: options.upsertBy === undefined ? "POST" : "PUT", path },
    journal,
    concurrency: options.concurrency ?? (refersToItself ? 1 : DEFAULT_CONCURRENCY),
    upsertBy,
    onRefused,
    onDone,
  });
  if (report.summary(entity.name, false).failed === 0) journal.remove();
}

const readingOf = (options: ImportOptions) => {
  const { format, map, ignoreUnknown, delimiter, unescapeFormulas, fromErrors } = options;
  return [format, map, ignoreUnknown, delimiter, unescapeFormulas, fromErrors];
};

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw usageError(`There is no file ${file}.`);
  return found.size;
}
