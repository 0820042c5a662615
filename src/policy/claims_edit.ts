/**
 * Changing one claim of a document, for test cases: the document itself stays as it is.
 *
 * @module
 */
import type { Claims } from "./claims.ts";

/**
 * A copy in which the location (a member's name, or a JSON Pointer) has this value; `undefined`
 * removes it. What stands in the way of a pointer is replaced by an object.
 */
export function withClaim(
  claims: Claims,
  location: string,
  value: unknown,
): Claims {
  const steps = location.startsWith("/")
    ? location.slice(1).split("/").map((step) =>
      step.replaceAll("~1", "/").replaceAll("~0", "~")
    )
    : [location];
  return edited(claims, steps, value) as Claims;
}

function edited(
  target: unknown,
  steps: readonly string[],
  value: unknown,
): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (Array.isArray(target) && /^(?:0|[1-9][0-9]{0,5})$/.test(step)) {
    const copy = [...target];
    copy[Number(step)] = edited(copy[Number(step)], rest, value);
    return copy;
  }
  const copy: Record<string, unknown> = Object.create(null);
  if (target !== null && typeof target === "object" && !Array.isArray(target)) {
    Object.assign(copy, target);
  }
  const inner = edited(copy[step], rest, value);
  if (inner === undefined) delete copy[step];
  else copy[step] = inner;
  return copy;
}
