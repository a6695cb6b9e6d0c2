import { type Asking, ask, askAdmin, expectStatus } from "./api.ts";

export interface TestWorkspace {
  readonly organization: string;
  readonly workspace: string;
  /** `…/w` of the admin API, without `/admin/v1`. */
  readonly adminPath: string;
  readonly apiPath: string;
  readonly key: string;
  readonly keyId: string;
  admin(method: string, path: string, asking?: Asking): ReturnType<typeof ask>;
  /** With the workspace's READ_WRITE key. */
  api(method: string, path: string, asking?: Asking): ReturnType<typeof ask>;
  define(...definitions: readonly object[]): Promise<void>;
  createKey(input?: object): Promise<{ id: string; key: string }>;
}

const unique = () => crypto.randomUUID().slice(0, 13);

/** A new organization with one workspace and one READ_WRITE key. */
export async function makeWorkspace(...definitions: readonly object[]): Promise<TestWorkspace> {
  const organization = `org-${unique()}`;
  expectStatus(await askAdmin("POST", "/organizations", { body: { slug: organization, name: "Test" } }), 201);
  return makeWorkspaceIn(organization, definitions);
}

export async function makeWorkspaceIn(
  organization: string,
  definitions: readonly object[],
): Promise<TestWorkspace> {
  const workspace = `ws-${unique()}`;
  const path = `/organizations/${organization}/workspaces`;
  expectStatus(await askAdmin("POST", path, { body: { slug: workspace, name: "Test" } }), 201);
  const adminPath = `${path}/${workspace}`;
  const apiPath = `/api/v1/${organization}/${workspace}`;
  const admin: TestWorkspace["admin"] = (method, suffix, asking) =>
    askAdmin(method, adminPath + suffix, asking);
  const createKey: TestWorkspace["createKey"] = async (input = {}) => {
    const body = { name: "test", permission: "READ_WRITE", ...input };
    return expectStatus(await admin("POST", "/api-keys", { body }), 201).body.data;
  };
  const { id: keyId, key } = await createKey();
  const made: TestWorkspace = {
    organization,
    workspace,
    adminPath,
    apiPath,
    key,
    keyId,
    admin,
    createKey,
    api: (method, suffix, asking) => ask(method, apiPath + suffix, { token: key, ...asking }),
    async define(...bodies) {
      for (const body of bodies) expectStatus(await admin("POST", "/entities", { body }), 201);
    },
  };
  await made.define(...definitions);
  return made;
}
