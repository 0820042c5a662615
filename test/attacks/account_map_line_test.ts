/**
 * Lines of a map file with names that are no names, or that its grammar takes apart.
 *
 * @module
 */
// Threats: E1, E4, E9
import { type Scene, setScene } from "../support/attack.ts";
import { asks } from "../support/full_names.ts";

const LINES = `u1 alice@corp.example,CORP\\alice # Alice,root
u1 root:x ../root -rf CORP\\EVIL\\root root@a@b 7 ke\u212alvin
u1 carol#dave
`;

async function setMap(pattern: string): Promise<Scene> {
  const scene = await setScene({
    ruleLines: ["  - {map_file: MAP, keys: [sub]}"],
    lines: [`accounts_pattern: ${pattern}`],
  });
  const { policyFile, directory } = scene.site;
  const map = `${directory}/accounts.map`;
  await Deno.writeTextFile(map, LINES, { mode: 0o644 });
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(policyFile, text.replace("MAP", map));
  return scene;
}

const NEVER = [
  ...["root", "root:x", "../root", "-rf", "CORP\\EVIL\\root", "root@a@b"],
  ...["Alice", "dave", "carol#dave", "ke\u212alvin", "alice", "u1"],
];

Deno.test("login takes from a map file the names that the policy's accounts can have, and no others", async () => {
  for (
    const [pattern, admitted] of [
      ["posix", ["carol"]],
      ["sssd", ["carol", "alice@corp.example", "CORP\\alice"]],
      ["relaxed", ["carol", "alice@corp.example", "CORP\\alice", "7"]],
    ] as const
  ) {
    await using scene = await setMap(pattern);
    const token = await scene.token({ claims: { sub: "u1", email: "x" } });
    const names = ["carol", "alice@corp.example", "CORP\\alice", "7", ...NEVER];
    for (const name of names) {
      if ((admitted as readonly string[]).includes(name)) {
        await scene.admits(token, asks(name));
        continue;
      }
      const { reason } = await scene.login(token, asks(name));
      if (reason === "account_not_permitted") continue;
      await scene.refuses(token, "request_invalid", asks(name));
    }
  }
});
