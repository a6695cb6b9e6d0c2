import { type Command, Option } from "commander";
import { ADMIN_ROLES } from "../../../src/model/admin-role.ts";
import type { CommandContext } from "../command-context.ts";
import { requireSettings } from "../settings.ts";

export interface ReachOptions {
  readonly role: string;
  readonly allOrganizations?: boolean;
}

export const roleOption = () => new Option("--role <role>", "what they may do").choices(ADMIN_ROLES);

/** Options of a new administrator: the role, and where it holds. */
export const addReachOptions = (command: Command): Command =>
  command
    .addOption(roleOption().makeOptionMandatory())
    .option("--all-organizations", "the role holds in all organizations, not only in that of --org");

/** The organization where a role holds; null is all of them. Throws OperatorError. */
export const organizationOf = ({ options, settings }: CommandContext<ReachOptions>): string | null =>
  options.allOrganizations ? null : requireSettings(settings, "organization").organization;
