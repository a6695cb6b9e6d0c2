import type { JsonObject } from "../../model/json.ts";
import type { ExportPlan } from "../plan/plan.ts";
import { encodeCsvHeader, encodeCsvRecords } from "./encode-csv.ts";

/** An export format as text: `head` once, then each chunk of records. */
export interface ExportEncoder {
  readonly contentType: string;
  readonly head: string;
  encode(records: readonly JsonObject[]): string;
}

export function encoderOf({ format, escapesFormulas, selection: { columns } }: ExportPlan): ExportEncoder {
  if (format === "csv") {
    return {
      contentType: "text/csv; charset=utf-8; header=present",
      head: encodeCsvHeader(columns),
      encode: (records) => encodeCsvRecords(columns, records, { escapesFormulas }),
    };
  }
  return {
    contentType: "application/x-ndjson; charset=utf-8",
    head: "",
    encode: (records) => records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  };
}
