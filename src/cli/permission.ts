/**
 * What the runtime forbids: which program may do it. Programs are built with the permissions that
 * logins need, or those of `oauth-pam key`, and no others.
 *
 * @module
 */
import { visible } from "../lib/text.ts";

/** What a program may do or lack, by Deno's names of permissions. */
export const MAY: Readonly<Record<string, string>> = {
  read: "read",
  write: "write to",
  run: "run",
  net: "connect to",
  env: "read the variable",
};

/** One sentence for a person who has run `command` where it cannot work. */
export function lackedPermission(
  error: Deno.errors.NotCapable,
  command: string,
): string {
  const [, kind = "", target = "what it needs"] =
    /^Requires (\w+) access(?: to ("[^"]*"))?/.exec(error.message) ?? [];
  return `this program was built without the permission to ${
    MAY[kind] ?? "use"
  } ${visible(target)}: run ${whereElse(command)} instead`;
}

/** Which program may do what this one may not. */
export function whereElse(command: string): string {
  if (command === "apply") return '"/usr/bin/oauth-pam apply …" of the package';
  const checkout = `"deno task oauth-pam ${command} …" from a checkout`;
  return command === "key"
    ? `${checkout} or the program of "deno task build --client"`
    : checkout;
}
