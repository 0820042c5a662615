/**
 * A command does not write over what it has read, and says what to write for the standard streams.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cliOnDisk } from "../support/cli.ts";

const POLICY = `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
`;
const TESTS =
  "tests: [{name: nobody, account: root, issuer: campus, claims: {sub: u1}, expect: deny}]\n";
const RECORD =
  `{"decision":"deny","reason":"token_missing","account":"alice"}\n`;
const CLAIMS = `{"iss":"https://login.example.edu","sub":"u1"}`;

/** A folder with a policy, its tests, claims and an audit file. */
async function inFolder(
  use: (folder: string, kept: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const files = {
    "site.yaml": POLICY,
    "old.yaml": POLICY,
    "site.test.yaml": TESTS,
    "audit.jsonl": RECORD,
    "claims.json": CLAIMS,
  };
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await Deno.link(`${folder}/site.yaml`, `${folder}/other-name.yaml`);
    await use(folder, async () => {
      for (const [name, text] of Object.entries(files)) {
        assert.equal(await Deno.readTextFile(`${folder}/${name}`), text, name);
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (
  const [command, code] of [
    ["policy lint @/site.yaml --output @/site.yaml", 2],
    ["policy lint @/site.yaml --output @/./site.yaml", 2],
    ["policy lint @/site.yaml --output @/other-name.yaml", 2],
    ["policy lint @/site.yaml --output @/site.test.yaml", 2],
    ["policy lint @/site.yaml --reporter sarif=@/site.yaml", 2],
    ["policy test @/site.yaml --output @/site.yaml", 2],
    ["policy test @/site.yaml --output @/site.test.yaml", 2],
    ["policy diff @/old.yaml @/site.yaml --output @/old.yaml", 2],
    ["policy diff @/old.yaml @/site.yaml --reporter json=@/site.yaml", 2],
    [
      "policy diff @/old.yaml @/site.yaml --replay @/audit.jsonl --output @/audit.jsonl",
      2,
    ],
    ["policy report @/site.yaml --output @/site.yaml", 3],
    ["policy report @/site.yaml --output @/site.test.yaml", 3],
    ["policy report @/site.yaml --against @/old.yaml --output @/old.yaml", 3],
    [
      "policy report @/site.yaml --audit @/audit.jsonl --output @/audit.jsonl",
      3,
    ],
    ["audit summary @/audit.jsonl --output @/audit.jsonl", 3],
    [
      "audit summary @/audit.jsonl --policy @/site.yaml --output @/site.yaml",
      3,
    ],
  ] as const
) {
  Deno.test(`${command.replaceAll("@/", "")} leaves the file as it is`, async () => {
    await inFolder(async (folder, kept) => {
      const ran = await cliOnDisk(command.replaceAll("@", folder).split(" "));
      await kept();
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stderr, /is what was read here: name another file\n/);
    });
  });
}

Deno.test("policy explain --save-test adds to the file that it has read", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/more.test.yaml`;
    const save = () =>
      cliOnDisk([
        ...["policy", "explain", `${folder}/site.yaml`, "--account", "alice"],
        ...["--claims", `${folder}/claims.json`, "--save-test", file],
      ]);
    assert.deepEqual([(await save()).code, (await save()).code], [0, 0]);
    const text = await Deno.readTextFile(file);
    assert.equal(text.match(/- name:/g)?.length, 2);
  });
});

for (
  const command of [
    "policy lint @/site.yaml --output",
    "policy test @/site.yaml --output",
    "policy report @/site.yaml --output",
    "audit summary @/audit.jsonl --output",
  ]
) {
  Deno.test(`${command.replaceAll("@/", "")} says what to write for standard output`, async () => {
    await inFolder(async (folder) => {
      const run = (file: string) =>
        cliOnDisk([...command.replaceAll("@", folder).split(" "), file]);
      const dash = await run("-");
      assert.equal(dash.stdout, "");
      assert.match(
        dash.stderr,
        /"-".*is not taken for standard output.*"\.\/-"/,
      );
      const device = await run("/dev/stdout");
      assert.match(
        device.stderr,
        /"\/dev\/stdout".*is out of reach, as is all below \/dev, \/proc and \/sys: leave it out for standard output\n/,
      );
      for (const { code } of [dash, device]) assert.ok([2, 3].includes(code));
    });
  });
}

for (
  const command of [
    "policy lint @",
    "policy test @",
    "policy show @",
    "policy who @",
    "policy diff site.yaml @",
    "policy explain site.yaml --account alice --claims @",
    "policy import @",
    "audit summary @",
    "token inspect --certificate @",
  ]
) {
  Deno.test(`${command} says what to write for standard input`, async () => {
    await inFolder(async (folder) => {
      const ran = await cliOnDisk(
        command.replace("site.yaml", `${folder}/site.yaml`)
          .replace("@", "/dev/stdin").split(" "),
      );
      assert.equal(ran.code, 3);
      assert.match(
        ran.stdout + ran.stderr,
        /is out of reach, as is all below \/dev, \/proc and \/sys: write "-" for standard input/,
      );
    });
  });
}
