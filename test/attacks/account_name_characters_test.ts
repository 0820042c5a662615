/**
 * Names that end a line, a field or a path, or that are options, where accounts are full names.
 *
 * @module
 */
// Threats: E4, E6, E13, H1
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

const NAMES = [
  "alice\n@corp.example",
  "alice@corp.example\n",
  "alice@corp.example\0",
  "alice\x1b[2J",
  "alice\x7f",
  "alice\t",
  "alice smith",
  " alice@corp.example",
  "alice@corp.example ",
  "alice:x",
  "CORP:alice",
  "CORP/alice",
  "../alice",
  "alice@corp.example/..",
  "-alice",
  "-alice@corp.example",
  "CORP\\-alice",
  "alice@-corp.example",
  "-CORP\\alice",
  ".",
  "..",
  "..@corp.example",
  "CORP\\..",
  "alice@..",
  "alice@corp..example",
  "alice@",
  "@corp.example",
  "CORP\\",
  "\\alice",
  "CORP\\EVIL\\alice",
  "alice@evil.example@corp.example",
  "CORP\\alice@corp.example",
  "alice,root",
  "alice#",
  "#alice",
  "alice@corp.example,root",
  "$(id)@corp.example",
  "`id`",
  "alice;id",
  "alice*",
  "~root",
  "%h",
  "alice=root",
  "alice+x@corp.example",
  'al"ice',
  "",
];

for (const pattern of ["sssd", "relaxed"] as const) {
  Deno.test(`login refuses names that are no names under "accounts_pattern: ${pattern}"`, async () => {
    await using scene = await setFullNames(pattern);
    for (const name of NAMES) {
      const token = await tokenOf(scene, name);
      await scene.refusesUnasked(token, "request_invalid", asks(name));
    }
    for (const name of ["alice@corp.example", "CORP\\alice", "Alice"]) {
      await scene.admits(await tokenOf(scene, name), asks(name));
    }
  });
}
