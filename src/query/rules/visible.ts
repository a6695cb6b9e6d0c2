import { LruMap } from "../../lib/lru-map.ts";
import type { Access, Operation } from "../../model/access.ts";
import type { Catalog } from "../../model/catalog.ts";
import { bindSlots, type SqlValue, type Statement } from "../../model/sql-value.ts";
import { type Circumstances, valuesOf } from "../plan/plan-operand.ts";
import { NOTHING, type Predicate } from "../plan/predicate.ts";
import { READ_EVERYTHING, type ReadScope } from "../plan/target.ts";
import { type OperandValues, withoutMissing } from "./missing.ts";
import { type Rules, rulesOf } from "./plan-rules.ts";

/** What exists of a workspace for one request. */
export interface Visible {
  /** Without hidden fields. */
  readonly catalog: Catalog;
  readonly scope: ReadScope;
  /** With the catalog, all that a statement depends on before it is bound. */
  readonly shape: string;
  /** Null: every record of the entity. */
  rowsOf(operation: Operation, entityName: string): Predicate | null;
  /** What a written record must satisfy; null: anything. */
  checkOf(operation: "create" | "update", entityName: string): Predicate | null;
  /** Puts the request's claims and time into a statement. */
  bind(statement: Statement): Statement;
}

/** `claims` are those of the access. */
export function visibleTo(catalog: Catalog, access: Access, now: Date): Visible {
  if (!access.scopes) return wholeOf(catalog);
  const rules = rulesOf(catalog, access.scopes);
  const circumstances: Circumstances = { claims: access.claims, now };
  const values = rules.operands.map((operand) => valuesOf(operand, circumstances));
  const shape = values.map((each) => each?.length ?? "-").join();
  const given = values.map((each) => each ?? NO_VALUES);
  return {
    ...resolvedFor(rules, { access, shape, values }),
    bind: (statement) => (statement.slots ? bindSlots(statement, given) : statement),
  };
}

const NO_VALUES: readonly SqlValue[] = [];

const whole = new WeakMap<Catalog, Visible>();

function wholeOf(catalog: Catalog): Visible {
  const known = whole.get(catalog);
  if (known) return known;
  const visible: Visible = {
    catalog,
    scope: READ_EVERYTHING,
    shape: "",
    rowsOf: () => null,
    checkOf: () => null,
    bind: (statement) => statement,
  };
  whole.set(catalog, visible);
  return visible;
}

type Resolved = Omit<Visible, "bind">;

/** Rules are resolved once for each way in which claims may be missing, or lists long. */
const SHAPES_PER_RULES = 10;
const resolved = new WeakMap<Rules, LruMap<string, Resolved>>();

interface Given {
  readonly access: Access;
  readonly shape: string;
  readonly values: OperandValues;
}

function resolvedFor(rules: Rules, { access, shape, values }: Given): Resolved {
  const ofRules = resolved.get(rules) ?? new LruMap<string, Resolved>(SHAPES_PER_RULES);
  resolved.set(rules, ofRules);
  const known = ofRules.get(shape);
  if (known) return known;
  const made = resolve(rules, { access, shape, values });
  ofRules.set(shape, made);
  return made;
}

function resolve(rules: Rules, { access: { isAllowed }, shape, values }: Given): Resolved {
  const { catalog } = rules;
  const given = (rule: Predicate | null) => rule && (withoutMissing(rule, values) ?? NOTHING);
  const rows = new Map<string, Predicate | null>();
  const rowsOf = (operation: Operation, name: string): Predicate | null => {
    const key = `${operation} ${name}`;
    const known = rows.get(key);
    if (known !== undefined) return known;
    const own = given(rules.rowsOf(operation, name));
    rows.set(key, own);
    return own;
  };
  const canRead = (name: string) => {
    const entity = catalog.entities.get(name);
    return entity !== undefined && isAllowed("read", entity);
  };
  return {
    catalog,
    scope: { canRead, rowsOf: (name) => rowsOf("read", name) },
    shape,
    rowsOf,
    checkOf: (operation, name) => given(rules.checkOf(operation, name)),
  };
}
