/**
 * What the launcher finds out: the account and the conversation.
 *
 * @module
 */
// Threats: E2, E3, E14, F8
import { readProc } from "../support/proc.ts";
import assert from "node:assert/strict";
import { createPamHost } from "../support/pam.ts";
import {
  launch,
  type LauncherBench,
  launcherTest as test,
  type Run,
  StandIn,
} from "./stand_in.ts";

const REQUEST = ["PAM_USER=root", "PAM_SERVICE=sshd", "PAM_TYPE=auth"];

/** The value of one variable as the program sees it. */
async function fact(
  bench: Pick<LauncherBench, "host" | "program">,
  { name, run }: { name: string; run: Run },
): Promise<string | undefined> {
  const result = await launch(bench.host, run);
  assert.equal(result.code, 0);
  return (await bench.program.facts())?.environment
    .find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

const ACCOUNTS: readonly [string, string][] = [
  ["root", "0:root"],
  ["daemon", "1:daemon"],
  ["nobody", "65534:nobody"],
  ["nosuchaccount", ""],
  ["0", ""],
  ["00", ""],
  ["+0", ""],
  ["-0", ""],
  [" 0", ""],
  ["0x0", ""],
  ["-x", ""],
  ["--help", ""],
  ["alice smith", ""],
  ["root daemon", ""],
  ["root:x", ""],
  ["root ", ""],
  ["ROOT", ""],
  ["$(id)", ""],
  ["*", ""],
  ["../root", ""],
];
for (const [user, account] of ACCOUNTS) {
  test(`reports the account of "${user}" as "${account}"`, async ({ host, program }) => {
    const env = [`PAM_USER=${user}`, "PAM_TYPE=auth"];
    const name = "OAUTH_PAM_ACCOUNT";
    const run = { env };
    assert.equal(await fact({ host, program }, { name, run }), account);
  });
}
test("reports no account when there is no PAM_USER", async ({ host, program }) => {
  const name = "OAUTH_PAM_ACCOUNT";
  const run = { env: ["PAM_TYPE=auth"] };
  assert.equal(await fact({ host, program }, { name, run }), "");
});

/** What a host with a directory answers: names that it folds, and numbers that are names. */
const DIRECTORY = {
  getent: `case $3 in
  alice@corp.example | ALICE@CORP.example) n=alice@corp.example u=200500 ;;
  'CORP\\alice') n='CORP\\alice' u=200500 ;;
  'CORP\\root') n=root u=0 ;;
  root@corp.example) n=root@corp.example u=0 ;;
  200600) n=20231234 u=200600 ;;
  200700) n=bob u=200700 ;;
  1000) n=carol u=1000 ;;
  *) exit 2 ;;
esac
printf '%s\\n' "$n:x:$u:100:a\\tb:/home/x:/bin/sh"`,
  id: `case $3 in
  20231234) echo 200600 ;; 7) echo 200700 ;; 1000) echo 1000 ;; 5) echo 5 ;; 6) sleep 300 ;;
  *) exit 1 ;;
esac`,
};

const FULL_NAMES: readonly [string, string | number][] = [
  ["alice@corp.example", "200500:alice@corp.example"],
  ["ALICE@CORP.example", "200500:alice@corp.example"],
  ["CORP\\alice", "200500:CORP\\alice"],
  ["CORP\\\\alice", ""],
  ["CORP\\root", "0:root"],
  ["root@corp.example", "0:root@corp.example"],
  // a number is an account's name, or nobody's: never its uid
  ["20231234", "200600:20231234"],
  ["200600", ""],
  ["7", ""],
  ["1000", ""],
  ["5", ""],
  ["8", ""],
  ["6", 4],
];
for (const [user, expected] of FULL_NAMES) {
  test(`reports of "${user}" what the directory says: "${expected}"`, async ({ log }) => {
    await using host = await createPamHost({
      syslogSocket: log.socket,
      launcher: {
        ...(typeof expected === "number"
          ? { "-k 1 5 id": "-k 0.2 0.3 id" }
          : {}),
        "PATH=/usr/bin:/bin\n": 'PATH="${0%/*}/bin:/usr/bin:/bin"\n',
      },
    });
    const program = new StandIn(host);
    await program.install();
    const bin = `${host.launcher.replace(/[^/]*$/, "")}bin`;
    await Deno.mkdir(bin);
    for (const [name, script] of Object.entries(DIRECTORY)) {
      await Deno.writeTextFile(`${bin}/${name}`, `#!/bin/sh\n${script}\n`);
      await Deno.chmod(`${bin}/${name}`, 0o755);
    }
    const env = [`PAM_USER=${user}`, "PAM_TYPE=auth"];
    if (typeof expected === "number") {
      assert.equal((await launch(host, { env })).code, expected);
      assert.equal(await program.facts(), undefined);
      await log.next((line) => line.includes("id did not answer"));
      return;
    }
    assert.equal((await launch(host, { env })).code, 0);
    const seen = (await program.facts())?.environment ?? [];
    assert(seen.includes(`OAUTH_PAM_ACCOUNT=${expected}`), seen.join(" "));
    assert(seen.includes(`PAM_USER=${user}`), seen.join(" "));
  });
}

for (const [what, script] of [["hangs", "sleep 300"], ["fails", "exit 3"]]) {
  test(`refuses with 4 when the account database ${what}`, async ({ program, log }) => {
    await using host = await createPamHost({
      syslogSocket: log.socket,
      launcher: {
        "-k 1 5 getent": "-k 0.2 0.3 getent",
        "PATH=/usr/bin:/bin\n": 'PATH="${0%/*}/bin:/usr/bin:/bin"\n',
      },
    });
    program = new StandIn(host);
    await program.install();
    const getent = `${host.launcher.replace(/[^/]*$/, "")}bin/getent`;
    await Deno.mkdir(getent.replace(/\/getent$/, ""));
    await Deno.writeTextFile(getent, `#!/bin/sh\n${script}\n`);
    await Deno.chmod(getent, 0o755);
    assert.equal((await launch(host, { env: REQUEST })).code, 4);
    assert.equal(await program.facts(), undefined);
    await log.next((line) => line.includes("getent passwd did not answer"));
  });
}

const startTime = (stat: string) =>
  stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
test("identifies the conversation by its parent: equal within one, different between two", async (bench) => {
  const name = "OAUTH_PAM_CONVERSATION";
  const run = { env: REQUEST };
  const own = `${Deno.pid}-${startTime(await readProc(Deno.pid, "stat"))}`;
  assert.equal(await fact(bench, { name, run }), own);
  assert.equal(await fact(bench, { name, run }), own);
  const through = ["/bin/sh", "-c", '"$@"; exit $?', "sh"];
  const first = await fact(bench, { name, run: { ...run, through } });
  const second = await fact(bench, { name, run: { ...run, through } });
  assert.match(first ?? "", /^\d+-\d+$/);
  assert.equal(new Set([own, first, second]).size, 3);
});

for (const name of ["a b", "x) R 1 2 3", ") S 1 1 1 (", "(((", "a\nb"]) {
  test(`is not misled by a PAM process called ${JSON.stringify(name)}`, async ({ host, program }) => {
    const link = `${host.directory}/${name}`;
    await Deno.symlink("/bin/sh", link);
    const record = `${host.directory}/stat`;
    const through = [
      ...[link, "-c", `cat /proc/$$/stat >${record}; "$@"; exit $?`, "sh"],
    ];
    const found = await fact({ host, program }, {
      name: "OAUTH_PAM_CONVERSATION",
      run: { env: REQUEST, through },
    });
    const stat = await Deno.readTextFile(record);
    assert(stat.includes(`(${name.split("\n")[0]}`), stat);
    assert.equal(found, `${parseInt(stat)}-${startTime(stat)}`);
  });
}
