// Sentences of an answer in the language in use.
import type { GridRef, LookupResult, Problem, Responsible } from "../../api";
import { formatDistance } from "../../format";
import { language, sayWord, t } from "../../i18n";
import type { GridItem } from "./site";

export function sayProblem(problem: Problem): string {
  return t(`problem.${problem.kind}`);
}

/** Name a grid with its code unless the name already holds it. */
export function sayGrid({ code, name }: { code: string; name: string }): string {
  if (name === "") return code;
  return name.includes(code) ? name : `${name} (${code})`;
}

/** Why somebody else acts, or why nobody does; null where the post is filled. */
export function sayVacancy(entry: Responsible, chain: readonly GridRef[]): string | null {
  const { vacant, reason_code: code, reason } = entry;
  if (!code || !vacant) return reason;
  const name = (grid: string) =>
    sayGrid(chain.find((ref) => ref.code === grid) ?? { code: grid, name: "" });
  const grid = name(vacant.grid);
  if (code === "vacant_chain") return t(chain.length > 1 ? "vacant.chain" : "vacant.top", { grid });
  const acting = name(entry.grid);
  if (code === "vacant_grid" || vacant.role === null) return t("vacant.grid", { grid, acting });
  const role = sayWord("role", vacant.role);
  if (entry.member === null) return t("vacant.roleNobody", { grid, role });
  return t("vacant.role", { grid, acting, role });
}

/** How certain the answer is, in words. */
export function sayCertainty({ certainty, border }: LookupResult): string {
  if (certainty === "certain") return t("answer.certain");
  return t(border !== null && border.distance_m < 0.001 ? "answer.onBorder" : "answer.ambiguous");
}

/** How far the border is and which grid lies beyond it; `names` may know it by more than its code. */
export function sayBorder(
  { border }: LookupResult,
  names: ReadonlyMap<string, string> = new Map(),
): string | null {
  if (border === null) return null;
  const distance = formatDistance(border.distance_m, language.value);
  const code = border.neighbour;
  if (code === null) return t("answer.borderOuter", { distance });
  const neighbour = sayGrid({ code, name: names.get(code) ?? "" });
  return t("answer.borderDistance", { distance, neighbour });
}

/** One sentence for the ear: the grid and who is responsible for it. */
export function announceGrid(grid: GridRef, responsible: readonly Responsible[]): string {
  const member = responsible.find((entry) => entry.member !== null)?.member;
  const name = sayGrid(grid);
  if (member) return t("answer.announce", { grid: name, member });
  return responsible.length > 0 ? t("answer.announceNobody", { grid: name }) : `${name}.`;
}

/** Grids whose code or name is the text, or else those that contain it; case does not matter. */
export function findGrids(items: readonly GridItem[], text: string): GridItem[] {
  const wanted = text.trim().toLowerCase();
  const exact = items.filter((item) =>
    [item.code, item.name].some((word) => word.toLowerCase() === wanted),
  );
  if (exact.length > 0) return exact;
  return items.filter((item) => `${item.code} ${item.name}`.toLowerCase().includes(wanted));
}
