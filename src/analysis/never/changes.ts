/**
 * What of `never` is another in a new policy. It decides about nobody, but a guard that goes must be
 * seen: the change that it would have stopped may come next.
 *
 * @module
 */
import { isObject } from "../../lib/json.ts";
import type { SettingChange } from "../diff/settings.ts";

/** `old` and `next` are the values of `never` as they are written. */
export function neverChanges(old: unknown, next: unknown): SettingChange[] {
  const [before, after] = [old, next].map((written) =>
    isObject(written) ? written : {}
  ) as [Record<string, unknown>, Record<string, unknown>];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): SettingChange[] => {
    const [was, is] = [before, after].map((entries) =>
      Object.hasOwn(entries, name) ? entries[name] : null
    );
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const description = was === null
      ? "one thing more must never be"
      : is === null
      ? "is no longer ruled out by lint and test"
      : "says something else must never be";
    return [{
      path: `never.${name}`,
      verdict: was === null ? "equivalent" : "incomparable",
      old: was,
      new: is,
      description,
    }];
  });
}
