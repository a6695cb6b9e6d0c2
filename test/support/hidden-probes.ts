/**
 * A request by its path in the workspace, or `MCP` with the name of a tool. The worlds of invisible.test.ts must not
 * respond differently.
 */
export type Probe = readonly [method: string, path: string, body?: unknown, headers?: Record<string, string>];

const OPERATORS = [
  "eq",
  "neq",
  "gt",
  "lt",
  "like",
  "ilike",
  "startsWith",
  "endsWith",
  "isNull",
  "in",
  "notIn",
];
const FIELDS = ["title", "secret", "points", "team.name", "team.budget", "team.tasks.title", "comments.text"];
const IDS = [1, 2, 11, 12, 13, 20, 99];

export const reads: readonly Probe[] = [
  ["GET", ""],
  ["GET", "/openapi.json"],
  ["GET", "/me"],
  ...["Team", "Task", "Comment"].flatMap((entity): Probe[] => [
    ["GET", `/${entity}`],
    ["GET", `/${entity}?count=none&sort=id,desc`],
    ["GET", `/${entity}?page=1&size=1`],
    ["GET", `/${entity}?cursor=&size=1`],
    ["GET", `/${entity}/export?format=csv`],
    ["GET", `/${entity}/export?format=ndjson`],
    ["GET", `/${entity}/aggregate?measure=count`],
    ...IDS.map((id): Probe => ["GET", `/${entity}/${id}`]),
    ["GET", `/${entity}/1`, undefined, { "If-None-Match": "*" }],
  ]),
  ...FIELDS.flatMap((field) =>
    OPERATORS.flatMap((operator) =>
      ["alpha", "one", "5"].map((value): Probe => ["GET", `/Task?filter[${field}.${operator}]=${value}`]),
    ),
  ),
  ...[...FIELDS, "owner", "secre", "team.budge"].flatMap((field): Probe[] => [
    ["GET", `/Task?sort=${field},desc`],
    ["GET", `/Task?fields=${field}`],
    ["GET", `/Task/aggregate?measure=count&groupBy=${field}`],
    ["GET", `/Task/aggregate?measure=max,${field}&measure=countDistinct,${field}`],
  ]),
  ...["team", "team.tasks", "comments", "team.tasks.comments", "comments.task.team"].flatMap(
    (path): Probe[] => [
      ["GET", `/Task?expand=${path}`],
      ["GET", `/Task/2?expand=${path}`],
    ],
  ),
  ["GET", '/Task?filter={"not":{"team":{"name":"alpha"}}}'],
  ["GET", '/Task?filter={"team":{"not":{"tasks":{"points":{"gt":100}}}}}'],
  ["GET", "/Team?expand=tasks.comments"],
  ["MCP", "describe", {}],
  ...["Team", "Task", "Comment"].flatMap((entity): Probe[] => [
    ["MCP", "describe", { entity }],
    ["MCP", "list", { entity, sort: ["id,desc"], expand: entity === "Task" ? ["team", "comments"] : [] }],
    ["MCP", "aggregate", { entity, measure: ["count"] }],
    ...IDS.map((id): Probe => ["MCP", "get", { entity, id }]),
  ]),
  ...FIELDS.flatMap((field): Probe[] => [
    ["MCP", "list", { entity: "Task", filter: { [field]: "alpha" } }],
    ["MCP", "aggregate", { entity: "Task", measure: ["count"], groupBy: [field] }],
  ]),
];

export const writes: readonly Probe[] = [
  ...[11, 12, 13].flatMap((id): Probe[] => [
    ["PUT", `/Task/${id}`, { title: "x" }],
    ["PUT", `/Task/${id}`, {}],
    ["PUT", `/Task/${id}`, { title: 5 }],
    ["PUT", `/Task/${id}?fields=id`, { title: "x" }],
    ["PUT", `/Task/${id}`, { points: { $increment: 1 } }],
    ["DELETE", `/Task/${id}`],
    ["DELETE", `/Task/${id}`, undefined, { "If-Match": '"1"' }],
    ["PUT", "/Task/bulk", [{ id, title: "x" }]],
    ["DELETE", "/Task/bulk", [id, 99]],
    ["DELETE", "/Comment/bulk?atomic=true", [id]],
    ["POST", "/transaction", { operations: [{ method: "PUT", entity: "Task", id, body: { title: "x" } }] }],
    ["POST", "/Comment", { text: "x", taskId: id }],
    ["PUT", "/Comment/1", { taskId: id }],
    ["PUT", "/Comment/1", { taskId: { $increment: id - 1 } }],
    [
      "POST",
      "/Comment/bulk",
      [
        { text: "x", taskId: id },
        { text: "y", taskId: 1 },
      ],
    ],
    ["POST", "/Task", { id, title: "x" }],
    ["PUT", "/Team/1", { name: "x" }],
    ["PATCH", `/Task?filter[id]=${id}&maxAffected=1`, { title: "x" }],
    ["PATCH", `/Task?filter[id]=${id}&maxAffected=1`, { points: { $increment: 1 } }],
    ["PATCH", `/Task?filter[id]=${id}&maxAffected=1&dryRun=true`, { title: "x" }],
    ["DELETE", `/Task?filter[id]=${id}&maxAffected=1`],
    ["DELETE", `/Comment?filter[task.id]=${id}&maxAffected=1`],
    ["POST", "/Task/bulk/delete", [id, 99]],
    ["POST", "/Task", { title: "x", teamId: id, comments: [{ text: "x" }] }],
    ["DELETE", "/Team/1"],
  ]),
  ...[{ code: "alpha" }, { code: "omega and more" }, { code: "one" }, { secret: "alpha" }].flatMap(
    (key): Probe[] => [
      ["POST", "/Comment", { text: "x", taskId: { $by: key } }],
      ["PUT", "/Comment/1", { taskId: { $by: key } }],
      ["POST", "/Comment/bulk", [{ taskId: { $by: key } }, { text: "y" }]],
    ],
  ),
  ...["alpha", "omega and more", "taken", "nobody's"].flatMap((code): Probe[] => [
    ["GET", `/Task/by/code/${code}`],
    ["PATCH", `/Task/by/code/${code}`, { title: "x" }],
    ["PATCH", `/Task/by/code/${code}`, { points: { $increment: 1 } }],
    ["DELETE", `/Task/by/code/${code}`],
  ]),
  /* Both worlds have a hidden record with this code, and nothing else of it may be told. */
  ...["", "&atomic=true"].flatMap((atomic): Probe[] => [
    ["PUT", `/Task/bulk?upsertBy=code${atomic}`, [{ code: "taken", title: "x" }]],
    ["PUT", `/Task/bulk?upsertBy=code${atomic}`, [{ code: "taken", points: { $increment: 1 } }]],
    ["PUT", `/Task/bulk?upsertBy=code${atomic}`, [{ code: "taken", id: 20, teamId: 20 }]],
    ["PUT", `/Task/bulk?upsertBy=code${atomic}`, [{ code: "taken", owner: "me" }]],
  ]),
  ["POST", "/Task", { code: "taken" }],
  ["PUT", "/Task/1", { code: "taken" }],
  ["PATCH", "/Task?filter[points.gte]=0&maxAffected=3", { points: { $increment: 0 } }],
  ["PATCH", "/Task?filter[points.gte]=0&maxAffected=1", { points: { $increment: 0 } }],
  ["PATCH", "/Task?filter[secret]=alpha&maxAffected=9", { title: "x" }],
  ["PATCH", "/Task?filter[team.budget.gt]=0&maxAffected=9", { title: "x" }],
  ["DELETE", "/Comment?filter[task.team.name]=alpha&maxAffected=9"],
  ["POST", "/Task", { title: "x", comments: [{ text: "x", taskId: 11 }] }],
  ["POST", "/Task?expand=comments", { title: "x", zecret: 1, comments: [{ text: "x" }] }],
  ["POST", "/Task?expand=comments,team", { title: "x", teamId: 1, comments: [{ text: "x" }] }],
  ["POST", "/Task", { title: "x", secret: "alpha" }],
  ...[11, 13].flatMap((id): Probe[] => [
    ["MCP", "update", { entity: "Task", id, record: { title: "x" } }],
    ["MCP", "delete", { entity: "Comment", id }],
    ["MCP", "create", { entity: "Comment", record: { taskId: id } }],
  ]),
  ["POST", "/Task", { title: "x", owner: "you" }],
  ["PUT", "/Task/1", { secret: "alpha" }],
  ["POST", "/Task?expand=team,comments", { title: "new", teamId: 1 }, { "Idempotency-Key": "a" }],
  ["POST", "/Task?expand=team,comments", { title: "new", teamId: 1 }, { "Idempotency-Key": "a" }],
  [
    "POST",
    "/transaction",
    {
      operations: [
        { method: "POST", entity: "Task", as: "t", body: { title: "tx" } },
        { method: "POST", entity: "Comment", body: { text: { $ref: "t.secret" }, taskId: { $ref: "t.id" } } },
        { method: "POST", entity: "Comment", body: { text: "c", taskId: { $ref: "t.id" } } },
      ],
    },
  ],
  ["GET", "/Task?expand=comments"],
];
