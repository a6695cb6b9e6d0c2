import { recordNotFound } from "../../errors/api-errors.ts";
import { runFenced } from "../../fence/run-fenced.ts";
import { nameRecord } from "../../query/plan/named-record.ts";
import { targetIn } from "../../query/plan/target-in.ts";
import type { TaggedRecord } from "../../query/sql/record/shape-record.ts";
import type { WorkspaceContext } from "../context.ts";
import type { RecordAddress } from "./record-input.ts";
import { viewByKey } from "./view-by-key.ts";

export interface ReadRecord extends TaggedRecord {
  /** Whether the response contains other records too, whose writes do not change this one's version. */
  readonly isExpanded: boolean;
}

/** Throws NOT_FOUND, BAD_REQUEST. */
export async function getRecord(ctx: WorkspaceContext, input: RecordAddress): Promise<ReadRecord> {
  return runFenced(ctx, {
    need: "READ",
    plan(planning) {
      const target = targetIn(planning, input.entity, ["read"]);
      const parameters = input.query();
      const { column, value, shown } = nameRecord(target, input);
      const { view, isExpanded } = viewByKey(target, column, parameters);
      if (value === undefined) throw recordNotFound(shown);
      return {
        kind: "PAGE",
        page: target.visible.bind(view.of(value)),
        value: null,
        isOneRow: true,
        shape([rows = []]) {
          const [row] = rows;
          if (!row) throw recordNotFound(shown);
          return { ...view.shape(String(row[0])), isExpanded };
        },
      };
    },
  });
}
