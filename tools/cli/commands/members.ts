import type { Command } from "commander";
import { fetchData } from "../api/api-data.ts";
import { adminApi, contextOf } from "../command-context.ts";
import { addReachOptions, organizationOf, type ReachOptions, roleOption } from "./administrator-options.ts";
import { addList, addRemoval, itemAddress, type Resource } from "./resource.ts";

interface Member {
  readonly id: string;
  readonly email: string;
  readonly organization: string | null;
  readonly role: string;
  readonly createdAt: string;
}

const MEMBERS: Resource<Member> = {
  plural: "members that you may see",
  argument: { name: "id", help: "mem_…, as list shows it" },
  titles: ["ID", "EMAIL", "ORGANIZATION", "ROLE", "CREATED"],
  addressOf(context) {
    const { client, path } = adminApi(context);
    return { client, path: `${path}/members` };
  },
  rowOf: ({ id, email, organization, role, createdAt }) => [
    id,
    email,
    organization ?? "all",
    role,
    createdAt,
  ],
};

/** `members list|add|update|remove`; docs/cli.md. */
export function addMembers(program: Command): void {
  const members = program
    .command("members")
    .description("people who administer an organization, or all of them (needs the admin token)");
  addList(members, MEMBERS);
  addAdd(members);
  addUpdate(members);
  const description = "remove a member, who has no access from the next request on";
  addRemoval(members, MEMBERS, { verb: "remove", done: "removed", description });
}

function addAdd(members: Command): void {
  const command = members
    .command("add")
    .description("give a role to somebody who signs in")
    .argument("<email>", "as the identity provider has it");
  addReachOptions(command).action(async (email: string, _options: unknown, command: Command) => {
    const context = contextOf<ReachOptions>(command);
    const { role } = context.options;
    const { client, path } = itemAddress(MEMBERS, context);
    const body = JSON.stringify({ email, organization: organizationOf(context), role });
    const added = await fetchData<Member>(client, { method: "POST", path, body });
    context.print({ value: added, text: `Added ${added.email} (${added.id}).` });
  });
}

function addUpdate(members: Command): void {
  members
    .command("update")
    .description("change a member's role from the next request on")
    .argument("<id>", MEMBERS.argument.help)
    .addOption(roleOption().makeOptionMandatory())
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf<ReachOptions>(command);
      const { client, path } = itemAddress(MEMBERS, context, id);
      const body = JSON.stringify({ role: context.options.role });
      const updated = await fetchData<Member>(client, { method: "PATCH", path, body });
      context.print({ value: updated, text: `Updated ${updated.email} (${id}).` });
    });
}
