import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import { expectFailure, expectStatus } from "../support/api.ts";
import { runSql } from "../support/database.ts";
import { alice, customer } from "../support/entities.ts";
import type { Received } from "../support/mailbox.ts";
import { listen, makeMailbox, type TestMailbox } from "../support/webhooks.ts";
import { makeWorkspace, type TestWorkspace } from "../support/workspace.ts";

let w: TestWorkspace;
let box: TestMailbox;
beforeEach(async () => {
  w = await makeWorkspace(customer);
  box = makeMailbox();
});

const create = async () => expectStatus(await w.api("POST", "/Customer", { body: alice }), 201);
const rotate = async (id: string, body?: object) =>
  expectStatus(await w.admin("POST", `/webhooks/${id}/rotate-secret`, { body }), 200).body.data;

async function firstReceived(): Promise<Received> {
  await box.messages(1);
  const [received] = await box.received();
  if (!received) throw new Error("nothing was received");
  return received;
}

const signaturesOf = ({ headers }: Received) => (headers["webhook-signature"] ?? "").split(" ");
const isGenuine = (secret: string, { headers, body }: Received) => {
  try {
    return Boolean(new Webhook(secret).verify(body, headers));
  } catch {
    return false;
  }
};

/** Verifies `v1a` signatures like a receiver that only knows the public key. */
async function isGenuineFor(publicKey: string, received: Received): Promise<boolean> {
  const raw = Uint8Array.fromBase64(publicKey.slice("whpk_".length));
  const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  const { headers, body } = received;
  const content = new TextEncoder().encode(
    `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`,
  );
  const given = signaturesOf(received).filter((each) => each.startsWith("v1a,"));
  const verified = given.map((each) =>
    crypto.subtle.verify({ name: "Ed25519" }, key, Uint8Array.fromBase64(each.slice(4)), content),
  );
  return (await Promise.all(verified)).some(Boolean);
}

describe("the rotation of a secret", () => {
  it("without a grace period ends the old secret at once", async () => {
    const { id, secret: old } = await listen(w, box);
    const { secret } = await rotate(id);
    await create();
    const received = await firstReceived();
    expect([isGenuine(old, received), isGenuine(secret, received)]).toEqual([false, true]);
    expect(signaturesOf(received)).toHaveLength(1);
  });

  it("signs with both secrets during the grace period", async () => {
    const { id, secret: old } = await listen(w, box);
    const { secret } = await rotate(id, { gracePeriodSeconds: 3600 });
    await create();
    const received = await firstReceived();
    expect([isGenuine(old, received), isGenuine(secret, received)]).toEqual([true, true]);
    expect(signaturesOf(received)).toHaveLength(2);
  });

  it("signs with the new secret alone after the grace period", async () => {
    const { id, secret: old } = await listen(w, box);
    const { secret } = await rotate(id, { gracePeriodSeconds: 604_800 });
    await runSql("UPDATE webhooks SET former_secret_until = '2020-01-01T00:00:00.000Z' WHERE id = ?", [id]);
    await create();
    const received = await firstReceived();
    expect([isGenuine(old, received), isGenuine(secret, received)]).toEqual([false, true]);
  });

  it("refuses grace periods longer than a week, or negative", async () => {
    const { id } = await listen(w, box);
    for (const gracePeriodSeconds of [-1, 604_801, 0.5, "60"]) {
      const body = { gracePeriodSeconds };
      expectStatus(await w.admin("POST", `/webhooks/${id}/rotate-secret`, { body }), 422);
    }
  });

  it("keeps every secret out of the audit log", async () => {
    const { id } = await listen(w, box);
    await rotate(id, { gracePeriodSeconds: 60 });
    await rotate(id, { gracePeriodSeconds: 60 });
    const rows = await runSql(`SELECT "before", "after" FROM audit_log WHERE subject = ?`, [id]);
    expect(rows.length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(rows)).not.toMatch(/v1\.[A-Za-z0-9+/]{20}|ecret"/);
  });
});

describe("the signature v1a", () => {
  it("is verified with the public key that is shown; the private key is not", async () => {
    const { secret, ...made } = await listen(w, box, { signature: "v1a" });
    expect(secret).toBeUndefined();
    expect(made).toMatchObject({
      signature: "v1a",
      publicKey: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/),
    });
    const shown = await w.admin("GET", `/webhooks/${made.id}`);
    expect(shown.body.data).toEqual(made);
    expect(shown.text).not.toContain("whsk_");
    await create();
    const received = await firstReceived();
    expect(signaturesOf(received)).toEqual([expect.stringMatching(/^v1a,[A-Za-z0-9+/]{86}==$/)]);
    expect(await isGenuineFor(made.publicKey, received)).toBe(true);
    expect(await isGenuineFor(made.publicKey, { ...received, body: `${received.body} ` })).toBe(false);
  });

  it("keeps its form in a rotation, and both keys sign during the grace period", async () => {
    const { id, publicKey: old } = await listen(w, box, { signature: "v1a" });
    const rotated = await rotate(id, { gracePeriodSeconds: 60 });
    expect(rotated.secret).toBeUndefined();
    expect(rotated.publicKey).not.toBe(old);
    await create();
    const received = await firstReceived();
    expect(await isGenuineFor(old, received)).toBe(true);
    expect(await isGenuineFor(rotated.publicKey, received)).toBe(true);
  });

  it("can be changed to and from by a rotation", async () => {
    const { id, secret: old } = await listen(w, box);
    const { publicKey, secret: none } = await rotate(id, { signature: "v1a", gracePeriodSeconds: 60 });
    expect(none).toBeUndefined();
    await create();
    const received = await firstReceived();
    expect(isGenuine(old, received)).toBe(true);
    expect(await isGenuineFor(publicKey, received)).toBe(true);
    const given = `whsec_${btoa("0123456789abcdef0123456789abcdef")}`;
    expect(await rotate(id, { secret: given })).toMatchObject({
      signature: "v1",
      publicKey: null,
      secret: given,
    });
  });

  it("takes no given secret", async () => {
    const body = { signature: "v1a", secret: `whsec_${btoa("0123456789abcdef0123456789abcdef")}` };
    const { id } = await listen(w, box);
    const refused = await w.admin("POST", `/webhooks/${id}/rotate-secret`, { body });
    expect(expectStatus(refused, 422).body.error.details).toEqual([
      { field: "secret", message: "cannot be given for the signature v1a: its keys are generated" },
    ]);
  });
});

describe("a test", () => {
  const test = (id: string, body?: object) => w.admin("POST", `/webhooks/${id}/test`, { body });

  it("sends a sample of the entity in the envelope of events, with a type that no change has", async () => {
    const { id, secret } = await listen(w, box, {
      events: ["record.deleted"],
      filter: { previous: { vip: true } },
      entities: ["Customer"],
    });
    const { deliveryId } = expectStatus(await test(id), 202).body.data;
    expect(deliveryId).toMatch(/^dlv_/);
    const received = await firstReceived();
    expect(isGenuine(secret, received)).toBe(true);
    expect(JSON.parse(received.body)).toEqual({
      type: "webhook.test",
      timestamp: expect.any(String),
      data: {
        organization: w.organization,
        workspace: w.workspace,
        entity: "Customer",
        id: null,
        record: { id: 1, email: "text", name: "text", age: 1, vip: true },
        previous: null,
      },
    });
  });

  it("is refused for an entity that does not exist, and for a disabled webhook", async () => {
    const { id } = await listen(w, box);
    expectFailure(await test(id, { entity: "Nothing" }), 404, {
      code: "NOT_FOUND",
      message: "Entity not found: Nothing",
    });
    expectFailure(await test("whk_none"), 404, { code: "NOT_FOUND", message: "Webhook not found: whk_none" });
    expectStatus(await w.admin("PATCH", `/webhooks/${id}`, { body: { enabled: false } }), 200);
    expectStatus(await test(id), 400);
  });
});
