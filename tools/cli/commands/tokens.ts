import { type Command, Option } from "commander";
import type { JsonObject } from "../../../src/model/json.ts";
import { fetchData } from "../api/api-data.ts";
import { contextOf, workspaceAdmin, workspaceApi } from "../command-context.ts";
import { usageError } from "../exit-codes.ts";
import { parseClaims, parseCount, parseScopes, type Scope, scopesOf } from "./option-values.ts";

/** Chooses between the two credentials that a command can use. */
export const asOption = () =>
  new Option("--as <credential>", "which credential to use").choices(["admin", "key"]).default("admin");

export interface AsOption {
  readonly as: "admin" | "key";
}

export interface RevocationOptions {
  readonly sub?: string;
  readonly all?: boolean;
}

export const addRevocationOptions = (command: Command): Command =>
  command.option("--sub <subject>", "the tokens of one user").option("--all", "the tokens of everybody");

/** Returns whose tokens to end. Throws OperatorError, so that nobody ends all tokens by mistake. */
export function requireRevoked({ sub, all }: RevocationOptions) {
  if ((sub === undefined) === (all === undefined)) throw usageError("Give --sub or --all.");
  return { sub, all };
}

export const showRevoked = ({ revokedBefore }: { readonly revokedBefore: string }) =>
  `Revoked all tokens that were issued before ${revokedBefore}.`;

/** `tokens mint|revoke`; docs/cli.md. */
export function addTokens(program: Command): void {
  const tokens = program.command("tokens").description("user tokens (mint needs a key that may mint tokens)");
  addMint(tokens);
  addRevoke(tokens);
}

interface MintOptions {
  readonly sub: string;
  readonly claims?: JsonObject;
  readonly expiresIn?: number;
  readonly scopes?: readonly Scope[] | "all";
}

function addMint(tokens: Command): void {
  tokens
    .command("mint")
    .description("mint a token for a user, and print it")
    .requiredOption("--sub <subject>", "the user")
    .option("--claims <json>", "more claims: a JSON object, or @file.json", parseClaims)
    .option("--expires-in <seconds>", "60 to 86400; 3600 when left out", parseCount)
    .option("--scopes <scopes>", "less than the key may do; as in keys create", parseScopes)
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf<MintOptions>(command);
      const { sub, claims, expiresIn, scopes } = context.options;
      const { client, path } = workspaceApi(context);
      const body = JSON.stringify({ claims: { ...claims, sub }, expiresIn, scopes: scopesOf(scopes) });
      const minted = await fetchData<{ token: string }>(client, {
        method: "POST",
        path: `${path}/tokens`,
        body,
      });
      context.print({ value: minted, text: minted.token });
    });
}

function addRevoke(tokens: Command): void {
  const command = tokens
    .command("revoke")
    .description("end tokens that were issued until now: those of all keys, or with --as key its own")
    .addOption(asOption());
  addRevocationOptions(command).action(async (_options: unknown, command: Command) => {
    const context = contextOf<RevocationOptions & AsOption>(command);
    const body = JSON.stringify(requireRevoked(context.options));
    const { client, path } = context.options.as === "key" ? workspaceApi(context) : workspaceAdmin(context);
    const revoked = await fetchData<{ revokedBefore: string }>(client, {
      method: "POST",
      path: `${path}/tokens/revoke`,
      body,
    });
    context.print({ value: revoked, text: showRevoked(revoked) });
  });
}
