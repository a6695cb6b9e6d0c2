import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { contextOf, workspaceAdmin } from "../command-context.ts";
import { parseNames } from "./option-values.ts";
import { addList, addRemoval, addShow, changeOf, itemAddress, type Resource } from "./resource.ts";
import { addRevocationOptions, type RevocationOptions, requireRevoked, showRevoked } from "./tokens.ts";

interface Issuer {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly roleClaim: string | null;
}

const ISSUERS: Resource<Issuer> = {
  plural: "issuers",
  argument: { name: "name", help: "the issuer's name, as list shows it" },
  titles: ["NAME", "ISSUER", "AUDIENCE", "ROLE CLAIM"],
  addressOf(context) {
    const { client, path } = workspaceAdmin(context);
    return { client, path: `${path}/issuers` };
  },
  rowOf: ({ name, issuer, audience, roleClaim }) => [name, issuer, audience, roleClaim],
};

interface IssuerOptions {
  readonly issuer?: string;
  readonly audience?: string;
  readonly jwksUrl?: string;
  readonly algorithms?: readonly string[];
  readonly roleClaim?: string;
}

const ISSUER = ["--issuer <iss>", "the iss of its tokens, character by character"] as const;
const AUDIENCE = ["--audience <aud>", "what the aud of its tokens must be or contain"] as const;

/** `issuers list|show|create|update|delete|revoke`; docs/cli.md. */
export function addIssuers(program: Command): void {
  const issuers = program
    .command("issuers")
    .description("the identity providers that the workspace trusts (needs the admin token)");
  addList(issuers, ISSUERS);
  addShow(issuers, ISSUERS);
  addCreate(issuers);
  addUpdate(issuers);
  addRemoval(issuers, ISSUERS, { verb: "delete", done: "deleted", description: "stop trusting an issuer" });
  addRevoke(issuers);
}

const addIssuerOptions = (command: Command): Command =>
  command
    .option(
      "--jwks-url <address>",
      "where its public keys are, or 'none' for those of its OpenID configuration",
    )
    .option("--algorithms <algorithms>", "signatures to accept, comma-separated", parseNames)
    .option("--role-claim <claim>", "the claim that names a user's role, or 'none'");

const orNull = (text: string | undefined) => (text === "none" ? null : text);

const bodyOf = ({ issuer, audience, jwksUrl, algorithms, roleClaim }: IssuerOptions) => ({
  issuer,
  audience,
  jwksUrl: orNull(jwksUrl),
  algorithms,
  roleClaim: orNull(roleClaim),
});

function addCreate(issuers: Command): void {
  const command = issuers
    .command("create")
    .description("trust an identity provider")
    .argument("<name>", "the issuer's name in this API")
    .requiredOption(...ISSUER)
    .requiredOption(...AUDIENCE);
  addIssuerOptions(command).action(async (name: string, _options: unknown, command: Command) => {
    const context = contextOf<IssuerOptions>(command);
    const { client, path } = itemAddress(ISSUERS, context);
    const body = JSON.stringify({ name, ...bodyOf(context.options) });
    const created = await fetchData<Issuer>(client, { method: "POST", path, body });
    context.print({ value: created, text: `Created ${name}.` });
  });
}

function addUpdate(issuers: Command): void {
  const command = issuers
    .command("update")
    .description("change an issuer from the next request on; options that are left out stay")
    .argument("<name>", ISSUERS.argument.help)
    .option(...ISSUER)
    .option(...AUDIENCE);
  addIssuerOptions(command).action(async (name: string, _options: unknown, command: Command) => {
    const context = contextOf<IssuerOptions>(command);
    const body = changeOf(bodyOf(context.options));
    const { client, path } = itemAddress(ISSUERS, context, name);
    const updated = await fetchData<Issuer>(client, { method: "PATCH", path, body });
    context.print({ value: updated, text: `Updated ${name}.` });
  });
}

function addRevoke(issuers: Command): void {
  const command = issuers
    .command("revoke")
    .description("end the tokens that an issuer has issued until now; users can sign in again")
    .argument("<name>", ISSUERS.argument.help);
  addRevocationOptions(command).action(async (name: string, _options: unknown, command: Command) => {
    const context = contextOf<RevocationOptions>(command);
    const { sub } = requireRevoked(context.options);
    const { client, path } = itemAddress(ISSUERS, context, name, "revoke");
    const body = JSON.stringify({ sub });
    const revoked = await fetchData<{ revokedBefore: string }>(client, { method: "POST", path, body });
    context.print({ value: revoked, text: showRevoked(revoked) });
  });
}
