import { badRequest } from "../../errors/api-errors.ts";
import type { Column } from "../../model/column.ts";
import type { EntitySettings } from "../../model/entity.ts";
import type { Path, ViewAst } from "../ast.ts";
import { DEFAULT_EXPAND_DEPTH } from "../limits.ts";
import { echo } from "../messages.ts";
import type { Hop, Selection } from "./plan.ts";
import { findHop, resolveColumn, resolveHop, targetOf } from "./resolve-path.ts";
import type { QueryTarget } from "./target.ts";

/** How to show a record: its columns, and the relationships expanded on it. */
interface Node {
  readonly target: QueryTarget;
  /** Null for all. */
  readonly columns: ReadonlySet<Column> | null;
  readonly expansions: Map<string, ExpandedNode>;
}

interface ExpandedNode {
  readonly hop: Hop;
  readonly node: Node;
}

/** The defaults for absent `fields` and `expand`. */
export type ViewDefaults = Pick<EntitySettings, "defaultExpand" | "defaultFields">;

/**
 * Plans how `expand` and `fields`, or their defaults, show a record. Throws BAD_REQUEST for unknown names,
 * relationships outside a whitelist, and dotted fields without their expansion.
 */
export function planView(
  target: QueryTarget,
  { fields, expand }: ViewAst,
  { defaultExpand, defaultFields }: ViewDefaults = target.entity.settings,
): Selection {
  const { maxExpandDepth } = target.entity.settings;
  const depth = maxExpandDepth ?? target.catalog.maxExpandDepth ?? DEFAULT_EXPAND_DEPTH;
  const root: Node = { target, columns: null, expansions: new Map() };
  if (expand) for (const path of expand) addExpansion(root, path);
  else for (const path of defaultExpand ?? []) addDefaultExpansion(root, path.split("."));
  if (fields) return toSelection(narrow(root, fields, resolveShownField), depth);
  if (!defaultFields) return toSelection(root, depth);
  const defaults = defaultFields.map((name) => name.split("."));
  const { columns, expansions } = narrow(root, defaults, ({ entity }, [name = ""]) =>
    entity.columnByName.get(name),
  );
  const kept = new Map([...root.expansions, ...expansions]);
  return toSelection({ target, columns, expansions: kept }, depth);
}

function addExpansion(root: Node, path: Path): void {
  let node = root;
  for (const [index, name] of path.entries()) {
    const hop = resolveHop(node.target, name);
    rejectUnexpandable(root.target, node.target, path.slice(0, index + 1));
    node = expansionOf(node, hop).node;
  }
}

/** A default may name something that this caller may not read, or that was deleted. It then ends there. */
function addDefaultExpansion(root: Node, path: Path): void {
  let node = root;
  for (const name of path) {
    const hop = findHop(node.target, name);
    if (!hop) return;
    node = expansionOf(node, hop).node;
  }
}

function expansionOf({ target, expansions }: Node, hop: Hop): ExpandedNode {
  const { name } = hop.relationship;
  const empty: Node = { target: targetOf(target, hop), columns: null, expansions: new Map() };
  const expansion = expansions.get(name) ?? { hop, node: empty };
  expansions.set(name, expansion);
  return expansion;
}

/** The owner's whitelist decides. The root's may also name whole paths. */
function rejectUnexpandable(root: QueryTarget, owner: QueryTarget, path: Path): void {
  const name = path.at(-1) ?? "";
  const isListed = (entries: readonly string[] | null, wanted: string) =>
    entries?.some((entry) => entry === wanted || entry.startsWith(`${wanted}.`)) ?? false;
  const { expandableRelationships } = owner.entity.settings;
  if (!expandableRelationships || isListed(expandableRelationships, name)) return;
  if (isListed(root.entity.settings.expandableRelationships, path.join("."))) return;
  throw badRequest(`Relationship ${echo(name)} on ${owner.entity.name} cannot be expanded`);
}

type ResolveField = (target: QueryTarget, path: Path) => Column | undefined;

/** Only the listed columns and relationships. A relationship without a dot stays whole. */
function narrow(node: Node, fields: readonly Path[], resolve: ResolveField): Node {
  const columns = new Set<Column>();
  const nested = new Map<string, Path[]>();
  for (const path of fields) {
    const [name = "", ...rest] = path;
    const isColumn = rest.length === 0 && node.target.entity.columnByName.has(name);
    if (!isColumn && node.expansions.has(name)) {
      nested.set(name, [...(nested.get(name) ?? []), rest]);
      continue;
    }
    const column = resolve(node.target, path);
    if (column) columns.add(column);
  }
  const expansions = new Map<string, ExpandedNode>();
  for (const [name, paths] of nested) {
    const expansion = node.expansions.get(name);
    if (!expansion) continue;
    const dotted = paths.filter(({ length }) => length > 0);
    const narrowed = narrow(expansion.node, dotted, resolve);
    expansions.set(name, {
      hop: expansion.hop,
      node: dotted.length < paths.length ? expansion.node : narrowed,
    });
  }
  return { target: node.target, columns, expansions };
}

/** A column, or the error for a name that is neither a column nor expanded. */
function resolveShownField(target: QueryTarget, path: Path): Column {
  const [name = "", ...rest] = path;
  const isColumn = target.entity.columnByName.has(name);
  if (!isColumn && findHop(target, name)) {
    throw badRequest(`Field ${echo(path.join("."))} on ${target.entity.name} needs expand=${name}`);
  }
  const column = resolveColumn(target, name);
  if (rest.length === 0) return column;
  throw badRequest(
    `Field ${echo(path.join("."))} is unknown: '${name}' on ${target.entity.name} is not a relationship`,
  );
}

/** Paths deeper than `depth` are silently cut, as the contract says. */
function toSelection({ target, columns, expansions }: Node, depth: number): Selection {
  const { entity } = target;
  return {
    entity,
    columns: columns ? entity.columns.filter((column) => columns.has(column)) : entity.columns,
    expansions:
      depth === 0
        ? []
        : [...expansions.values()].map(({ hop, node }) => ({ hop, selection: toSelection(node, depth - 1) })),
  };
}
