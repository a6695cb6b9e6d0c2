import { runFenced } from "../../fence/run-fenced.ts";
import { entityNamed } from "../../model/catalog.ts";
import type { WorkspaceContext } from "../context.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";

/** Throws NOT_FOUND. */
export async function getEntity(ctx: WorkspaceContext, name: string): Promise<EntityDto> {
  return runFenced(ctx, {
    need: "READ",
    plan({ catalog }) {
      const { definition } = entityNamed(catalog, name);
      return { kind: "READ", statements: [], shape: () => toEntityDto(definition) };
    },
  });
}
