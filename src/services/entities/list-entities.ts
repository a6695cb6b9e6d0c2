import { runFenced } from "../../fence/run-fenced.ts";
import type { WorkspaceContext } from "../context.ts";
import { type Page, type PageRequest, toPage } from "../page.ts";
import { type EntityDto, toEntityDto } from "./entity-dto.ts";

/** In order of creation. Throws NOT_FOUND. */
export async function listEntities(ctx: WorkspaceContext, request: PageRequest): Promise<Page<EntityDto>> {
  return runFenced(ctx, {
    need: "READ",
    plan({ catalog }) {
      const { page, size } = request;
      const all = [...catalog.entities.values()];
      const shown = all
        .slice(page * size, (page + 1) * size)
        .map(({ definition }) => toEntityDto(definition));
      return { kind: "READ", statements: [], shape: () => toPage(shown, request, [{ total: all.length }]) };
    },
  });
}
