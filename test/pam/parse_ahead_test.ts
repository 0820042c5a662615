/**
 * What is parsed before a login does: what is kept of it, and what becomes of policies that are not valid.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sha256Hex } from "../../src/files/state_directory.ts";
import { copiedPolicy, copyName } from "../../src/pam/host/parsed_policy.ts";
import { loadPolicy } from "../../src/pam/host/policy_file.ts";
import { parseAhead } from "../../src/pam/parse_ahead.ts";
import { onFullDisk } from "../support/full_disk.ts";

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly policy: string;
  /** Writes the policy; its hash. */
  write(text: string): Promise<string>;
  names(): string[];
}

async function inPlace(body: (place: Place) => Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const folder = `${root}/parsed`;
  const policy = `${root}/policy.yaml`;
  try {
    await Deno.mkdir(folder, { mode: 0o700 });
    await body({
      ...{ root, folder, policy },
      write: async (text) => {
        await Deno.writeTextFile(policy, text);
        return await sha256Hex(text);
      },
      names: () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const policyText = (audience: string) =>
  `version: 1
issuers:
  campus: {issuer: "https://login.example.edu", audiences: [${audience}]}
rules:
  staff: {accounts: [{claim: sub}]}
`;

Deno.test("parseAhead() leaves what loadPolicy() would parse", () =>
  inPlace(async ({ policy, folder, write, names }) => {
    const sha256 = await write(policyText("ssh"));
    await parseAhead([policy, folder]);
    assert.deepEqual(names(), [".lock", copyName(sha256)].sort());
    const copied = await copiedPolicy(sha256, folder);
    assert.deepEqual(copied, (await loadPolicy(policy)).policy);
    const { mode } = await Deno.stat(`${folder}/${copyName(sha256)}`);
    assert.equal(mode! & 0o777, 0o600);
  }));

Deno.test("parseAhead() leaves nothing of a policy that is not valid or not to be trusted, and throws nothing", () =>
  inPlace(async ({ policy, folder, write, names }) => {
    for (const text of ["", "a: [", "version: 2\n", "\xff"]) {
      await write(text);
      await parseAhead([policy, folder]);
      assert.deepEqual(names(), [".lock"], JSON.stringify(text));
    }
    await write(policyText("ssh"));
    await Deno.chmod(policy, 0o666);
    await parseAhead([policy, folder]);
    assert.deepEqual(names(), [".lock"]);
  }));

Deno.test("parseAhead() clears up also where it cannot keep anything: no room, or a policy that is not valid", () =>
  inPlace(async ({ root, policy, folder, write, names }) => {
    const script = `${root}/ahead.ts`;
    const module = new URL("../../src/pam/parse_ahead.ts", import.meta.url);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    await Deno.writeTextFile(
      script,
      `import { parseAhead } from "${module}"; await parseAhead(Deno.args);`,
    );
    for (const [what, text] of [["full", policyText("ssh")], ["bad", "a: ["]]) {
      for (let mark = 0; mark < 10; mark++) {
        await Deno.writeTextFile(`${folder}/seen ${what} ${mark}`, "");
      }
      await write(text ?? "");
      const [command = "", ...words] = onFullDisk();
      const { success } = await new Deno.Command(command, {
        args: [
          ...words,
          ...[Deno.execPath(), "run", "-A", `--config=${config}`, script],
          ...[policy, folder],
        ],
        env: { NO_COLOR: "1" },
      }).output();
      assert.ok(success);
      const left = names().filter((name) => !name.startsWith("seen "));
      assert.deepEqual(left, [".lock"], what);
      assert.equal(names().length, 9, what);
    }
  }));

Deno.test("parseAhead() writes into no folder that others could write to, and takes two words", () =>
  inPlace(async ({ root, policy, folder, write }) => {
    await write(policyText("ssh"));
    await Deno.mkdir(`${root}/open`);
    await Deno.chmod(`${root}/open`, 0o770);
    await Deno.symlink(folder, `${root}/link`);
    for (
      const args of [
        [],
        [policy],
        [policy, `${root}/open`],
        [policy, `${root}/link`],
        [policy, "parsed"],
        [policy, folder, "more"],
      ]
    ) {
      await parseAhead(args);
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    assert.deepEqual([...Deno.readDirSync(`${root}/open`)], []);
  }));

Deno.test("parseAhead() replaces a copy that is not right, or not a file", () =>
  inPlace(async ({ policy, folder, write }) => {
    const sha256 = await write(policyText("ssh"));
    const path = `${folder}/${copyName(sha256)}`;
    await Deno.writeTextFile(path, "junk", { mode: 0o600 });
    await parseAhead([policy, folder]);
    assert.notEqual(await copiedPolicy(sha256, folder), null);
    await Deno.remove(path);
    await Deno.mkdir(`${path}/full`, { recursive: true });
    await parseAhead([policy, folder]);
    assert.notEqual(await copiedPolicy(sha256, folder), null);
  }));

Deno.test("parseAhead() keeps the last copies and marks, that of a policy which is in force again among them", () =>
  inPlace(async ({ policy, folder, write, names }) => {
    const old = new Date(0);
    const first = await write(policyText("first"));
    await parseAhead([policy, folder]);
    await Deno.utime(`${folder}/${copyName(first)}`, old, old);
    const hashes: string[] = [];
    for (let change = 0; change < 12; change++) {
      const time = new Date(1000 * (change + 1));
      await Deno.writeTextFile(`${folder}/seen ${change}`, "");
      await Deno.utime(`${folder}/seen ${change}`, time, time);
      hashes.push(await write(policyText(`ssh${change}`)));
      await parseAhead([policy, folder]);
      await Deno.utime(
        `${folder}/${copyName(hashes.at(-1) ?? "")}`,
        time,
        time,
      );
      if (change !== 5) continue;
      await write(policyText("first"));
      await parseAhead([policy, folder]);
    }
    await Deno.writeTextFile(`${folder}/.new-left`, "");
    await parseAhead([policy, folder]);
    const kept = names();
    assert.ok(kept.includes(copyName(first)));
    assert.ok(kept.includes(copyName(hashes.at(-1) ?? "")));
    assert.ok(!kept.includes(copyName(hashes[0] ?? "")));
    assert.equal(kept.filter((name) => name.endsWith(".json")).length, 8);
    assert.deepEqual(
      kept.filter((name) => name.startsWith("seen ")),
      [
        "seen 10",
        "seen 11",
        ...[4, 5, 6, 7, 8, 9].map((each) => `seen ${each}`),
      ],
    );
    assert.ok(!kept.includes(".new-left"));
  }));

Deno.test("parseAhead() parses once where several start at once", () =>
  inPlace(async ({ policy, folder, write, names }) => {
    const sha256 = await write(policyText("ssh"));
    await Promise.all(
      Array.from({ length: 5 }, () => parseAhead([policy, folder])),
    );
    assert.deepEqual(names(), [".lock", copyName(sha256)].sort());
    assert.notEqual(await copiedPolicy(sha256, folder), null);
  }));
