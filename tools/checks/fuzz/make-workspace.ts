import { randomBytes } from "node:crypto";
import type { Parts } from "../../../test/support/find-operation.ts";
import { type ApiClient, createApiClient } from "../../seed/api-client.ts";
import { fuzzEntities } from "./fuzz-schema.ts";

/** An address where nothing listens. */
const NOBODY = "http://127.0.0.1:9";
const FIVE = [1, 2, 3, 4, 5];

export interface FuzzedWorkspace {
  readonly organization: string;
  /** `/organization/workspace`. */
  readonly home: string;
  /** The path in the admin API. */
  readonly adminPath: string;
  /** The keys of a workspace: one with all rights, one that only reads, and one with scopes. */
  readonly tokens: readonly string[];
  readonly document: Parts;
  readonly keyIds: readonly string[];
  /** The id of a webhook with deliveries that nobody receives. */
  readonly webhookId: string;
  readonly deliveryIds: readonly string[];
  readonly tagIds: readonly string[];
  /** The only organization that can be deleted. */
  readonly emptyOrganization: string;
  /** A text in all of its records and names, and nowhere else. Each entity has 1 to 5 records. */
  readonly marker: string;
}

/** The server, and a client of its admin API. */
export interface FuzzedServer {
  readonly baseUrl: string;
  readonly admin: ApiClient;
}

/** An empty workspace. */
type Site = Pick<FuzzedWorkspace, "organization" | "home" | "adminPath" | "marker">;

interface Created {
  readonly id: string;
}

/** Makes workspaces to be fuzzed. */
export class WorkspaceMaker {
  readonly #server: FuzzedServer;
  #organizations = 0;

  constructor(server: FuzzedServer) {
    this.#server = server;
  }

  /** A workspace in its own organization, or in that of another workspace. */
  async make(sibling?: FuzzedWorkspace): Promise<FuzzedWorkspace> {
    const organization = sibling?.organization ?? (await this.#makeOrganization());
    const site = await this.#makeSite(organization, sibling ? "v" : "w");
    const { home, marker } = site;
    const keys = await this.#makeKeys(site);
    const tokens = keys.map(({ key }) => key);
    const [token = ""] = tokens;
    const webhookId = await this.#makeWebhook(site);
    const tagId = await this.#fill(home, token, marker);
    return {
      ...site,
      tokens,
      webhookId,
      deliveryIds: await this.#deliver(site, webhookId, tagId),
      document: await fetchDocument(`${this.#server.baseUrl}/api/v1${home}/openapi.json`, token),
      emptyOrganization: emptyBeside(organization),
      tagIds: [tagId],
      keyIds: keys.map(({ id }) => id),
    };
  }

  async #makeOrganization(): Promise<string> {
    const { admin } = this.#server;
    const organization = `o${++this.#organizations}`;
    await admin.require("POST", "/admin/v1/organizations", { slug: organization, name: "Fuzzed" });
    const empty = { slug: emptyBeside(organization), name: "Empty" };
    await admin.require("POST", "/admin/v1/organizations", empty);
    return organization;
  }

  async #makeSite(organization: string, slug: string): Promise<Site> {
    const { admin } = this.#server;
    const marker = randomBytes(8).toString("hex");
    const workspaces = `/admin/v1/organizations/${organization}/workspaces`;
    const adminPath = `${workspaces}/${slug}`;
    await admin.require("POST", workspaces, { slug, name: marker });
    await admin.require("PUT", `${adminPath}/schema`, { entities: fuzzEntities });
    await admin.require("PATCH", adminPath, { mcpMode: "FULL" });
    return { organization, home: `/${organization}/${slug}`, adminPath, marker };
  }

  /** One with all rights, one that only reads, and one with scopes. */
  async #makeKeys(site: Site): Promise<readonly (Created & { readonly key: string })[]> {
    const make = async (input: object) => {
      const body = { name: site.marker, permission: "READ_WRITE", ...input };
      return (await this.#create(site, "/api-keys", body)) as Created & { readonly key: string };
    };
    const scopes = [{ entity: "Order", operations: ["read", "create", "update"] }];
    return [await make({}), await make({ permission: "READ_ONLY" }), await make({ scopes })];
  }

  async #makeWebhook(site: Site): Promise<string> {
    const { marker } = site;
    const chosen = { events: ["record.created"], entities: ["Tag"] };
    const webhook = { name: marker, url: `${NOBODY}/${marker}`, ...chosen };
    return ((await this.#create(site, "/webhooks", webhook)) as Created).id;
  }

  /** Creates one tag, whose id it returns, and five records of every other entity. */
  async #fill(home: string, token: string, marker: string): Promise<string> {
    const data = createApiClient(this.#server.baseUrl, token);
    const tag = (await data.require("POST", `/api/v1${home}/Tag`, { label: marker })) as Created;
    const records: Readonly<Record<string, (i: number) => object>> = {
      Customer: (i) => ({ email: `${i}@example.com`, name: marker }),
      Order: (i) => ({ customerId: i, notes: marker }),
      Remark: () => ({ tagId: tag.id }),
    };
    for (const [entity, make] of Object.entries(records))
      await data.require("POST", `/api/v1${home}/${entity}/bulk`, FIVE.map(make));
    return tag.id;
  }

  async #deliver(site: Site, webhookId: string, tagId: string): Promise<readonly string[]> {
    await this.#create(site, `/webhooks/${webhookId}/send`, { entity: "Tag", ids: [tagId] });
    const path = `${site.adminPath}/webhooks/${webhookId}/deliveries`;
    return ((await this.#server.admin.require("GET", path)) as readonly Created[]).map(({ id }) => id);
  }

  #create({ adminPath }: Site, below: string, body: object): Promise<unknown> {
    return this.#server.admin.require("POST", adminPath + below, body);
  }
}

const emptyBeside = (organization: string) => `${organization}-empty`;

export async function fetchDocument(url: string, token: string): Promise<Parts> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as Parts;
}
