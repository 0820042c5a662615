/**
 * What makes a change, in words, and where it is written.
 *
 * @module
 */
import type { Cause } from "./cause.ts";
import { valueChange } from "./settings.ts";
import { locate } from "../../policy/syntax/yaml.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";

/** The line of the new policy that makes a change; `null` where what made it is gone. */
export type Places = (
  cause: Pick<Cause, "rule" | "path" | "kind">,
) => number | null;

/** The places of causes in a policy as it is written. */
export function placesIn(source: PolicySource | null): Places {
  return ({ rule, path, kind }) => {
    if (source === null || kind === "removed") return null;
    if (rule !== null && !Object.hasOwn(source.document.rules, rule)) {
      return null;
    }
    const issuer = issuerOf(path);
    const isThere = issuer !== null &&
      Object.hasOwn(source.document.issuers, issuer);
    const whole = rule === null || isThere
      ? path ?? []
      : ["rules", rule, ...path ?? []];
    const at = { at: path === null ? "key" as const : "value" as const };
    const { start, end } = locate(source.yaml.root, whole, at);
    return source.yaml.span(start, end).line;
  };
}

/** The line of a rule of the new policy; `null` where it is gone. */
export function ruleLine(rule: string, places: Places): number | null {
  return places({ rule, path: null, kind: "changed" });
}

/** `rule "staff" admits more: when.groups.any`. */
export function causeText(cause: Cause): string {
  const { rule, path, kind, effect, direction } = cause;
  const place = path === null ? "" : `: ${path.join(".")}`;
  if (rule === null) {
    const asks = direction === "wider" ? "asks for less" : "asks for more";
    return `the policy ${asks} of every rule${place}`;
  }
  const name = `${effect === "deny" ? "deny rule" : "rule"} "${rule}"`;
  if (kind === "added") return `${name} is new`;
  if (kind === "removed") return `${name} is gone`;
  const more = (direction === "wider") === (effect === "allow");
  const does = effect === "allow" ? "admits" : "forbids";
  const issuer = issuerOf(path);
  if (issuer !== null) {
    const is = more ? "is new" : "is gone";
    return `${name} ${does} ${
      more ? "more" : "less"
    }: the issuer "${issuer}" ${is}`;
  }
  return `${name} ${does} ${more ? "more" : "less"}${place}${
    whatChanged(cause)
  }`;
}

/** The issuer that is new or gone itself, where the rule says nothing else about it than before. */
function issuerOf(path: Cause["path"]): string | null {
  return path?.[0] === "issuers" ? path[1] ?? null : null;
}

/** `: added "interns", "everyone"`. */
function whatChanged({ path, old, new: next }: Cause): string {
  if (path === null || (old === undefined && next === undefined)) return "";
  if (old === undefined) return " is new";
  if (next === undefined) return " is gone";
  return `, ${valueChange(old, next)}`;
}
