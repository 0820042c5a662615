/**
 * The program as PAM runs it: a real process, whose exit code is all that PAM looks at.
 *
 * @module
 */
// Threats: B6, B7, E13, F5, G6, G9, G10, G13, G16, I2
import { readProc } from "../support/proc.ts";
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import { filesBelow } from "../support/files.ts";
import { hang } from "../support/hostile_server.ts";
import { createScene, type Scene } from "../support/login_scene.ts";
import { withMounts } from "../support/mounts.ts";
import { until } from "../support/pam.ts";
import {
  PAM_ENVIRONMENT,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
} from "../support/program.ts";

/** A login with a good token unless told otherwise. */
async function login(
  scene: Scene,
  options: Partial<ProgramOptions> = {},
): Promise<ProgramResult> {
  const result = await runProgram({
    args: ["login", scene.site.policyFile],
    env: PAM_ENVIRONMENT,
    stdin: await scene.token(),
    ...options,
  });
  assert.equal(result.stdout, "");
  return result;
}

Deno.test("a good token ends in 0, says nothing to the user and one line to the log", async () => {
  await using scene = await createScene();
  const { code, stderr } = await login(scene);
  assert.equal(code, 0);
  assert.match(stderr, /^oauth-pam: decision=allow reason=allowed .*\n$/);
});

Deno.test("a grant ends with the value that the launcher named, and with a refusal where it named none", async () => {
  await using scene = await createScene();
  for (
    const [named, code] of [
      ["32", 32],
      ["47", 47],
      ["63", 63],
      ["", 4],
      ["0", 4],
      ["1", 4],
      ["31", 4],
      ["64", 4],
      ["047", 4],
      ["47 ", 4],
      ["256", 4],
      ["\xff", 4],
    ] as const
  ) {
    const env = { ...PAM_ENVIRONMENT, OAUTH_PAM_GRANT: named };
    const good = await login(scene, { env });
    assert.equal(good.code, code, named);
    const said = code === 4
      ? / decision=deny reason=internal_error .* detail="OAUTH_PAM_GRANT is /
      : / decision=allow reason=allowed /;
    assert.match(good.stderr, said, named);
    const bad = await login(scene, { env, stdin: "junk" });
    assert.equal(bad.code, 7, named);
  }
});

const NO_LOGINS = [
  ["--help"],
  ["--version"],
  ["-h"],
  ["-V"],
  ["help"],
  ["version"],
  [],
  [""],
  ["LOGIN"],
  ["logIn", "x"],
  ["--", "login"],
  ["login --help"],
  ["nonsense"],
  ["policy"],
  ["policy", "lint", "x"],
  ["policy", "show", "x"],
  ["policy", "schema"],
  ["token", "inspect"],
  ["check", "x"],
  ["__proto__"],
  ["constructor"],
  ["login"],
  ["login", "--help"],
  ["login", "--version"],
  ["login", "--help", "x"],
  ["device"],
  ["device", "--help"],
  ["device", "finish"],
  ["device", "finish", "--help"],
  ["device", "start"],
  ["device", "start", "--help"],
  ["device", "tell"],
  ["device", "tell", "x"],
  ["device", "tell", "--help"],
  ["outcome"],
  ["outcome", "--help"],
  ["login", "-h"],
  ["device", "-h"],
  ["device", "start", "-h"],
  ["ssh-keys"],
  ["ssh-keys", "--help"],
  ["ssh-keys", "--chain", "-h"],
  ["help", "login"],
  ["policy", "--help"],
  ["policy", "lint", "-h"],
  ["globus"],
];
const UNDER_PAM: Record<string, Record<string, string>> = {
  "PAM_TYPE and PAM_USER": { PAM_TYPE: "auth", PAM_USER: "alice" },
  "PAM_TYPE": { PAM_TYPE: "auth" },
  "PAM_USER": { PAM_USER: "alice" },
  "an empty PAM_USER": { PAM_USER: "" },
  "another PAM_TYPE": { PAM_TYPE: "account" },
};
for (const [what, env] of Object.entries(UNDER_PAM)) {
  Deno.test(`with ${what} set, nothing but a login can end in 0`, async () => {
    // two at a time, as many as the machine has processors at least
    const waiting = [...NO_LOGINS];
    const lane = async () => {
      for (let args = waiting.shift(); args; args = waiting.shift()) {
        const { code, stdout } = await runProgram({ args, env, stdin: "x" });
        assert.ok(
          code > 0 && code < 124,
          `${JSON.stringify(args)} ended in ${code}`,
        );
        // "device start" is there to speak, in words without names
        const sentence = args[0] === "device"
          ? /^(\n[A-Za-z ]+ \(reference [2-9A-Z]{4}\)\.\n)?$/
          : /^$/;
        assert.match(stdout, sentence, JSON.stringify(args));
      }
    };
    await Promise.all([lane(), lane(), lane()]);
  });
}

const PAM_VERBS = {
  "login": "login",
  "login policy.yaml": "login",
  "device start": "device start",
  "device tell": "device tell",
  "device finish": "device finish",
  "outcome": "outcome",
  "ssh-keys": "ssh-keys",
};
for (const [words, named] of Object.entries(PAM_VERBS)) {
  Deno.test(`by hand, ${words} --help is no login, and tells the usage without a log line`, async () => {
    for (const option of ["--help", "-h"]) {
      for (const env of [{}, { OAUTH_PAM_GRANT: "40" }]) {
        const args = [...words.split(" "), option];
        const { code, stdout, stderr } = await runProgram({ args, env });
        assert.deepEqual({ code, stdout }, { code: 7, stdout: "" });
        assert.ok(stderr.startsWith(`usage: oauth-pam ${named} `), stderr);
        assert.doesNotMatch(stderr, /decision=|UTF-8/);
      }
    }
  });
}

Deno.test("by hand, a login without an environment is refused, and what is not set is not in the log", async () => {
  const { code, stderr } = await runProgram({
    args: ["login", "policy.yaml"],
    env: {},
  });
  assert.equal(code, 7);
  assert.match(
    stderr,
    /^oauth-pam: decision=deny reason=request_invalid ms=\d+ detail="PAM_TYPE is not set: [^\n]+\n$/,
  );
});

Deno.test("a PAM_USER or PAM_TYPE that is not UTF-8 counts as set, and is refused", async () => {
  await using scene = await createScene();
  for (const name of ["PAM_USER", "PAM_TYPE"]) {
    const script = `export ${name}="$(printf 'al\\377ce')"; exec "$@"`;
    const before = ["sh", "-c", script, "sh"];
    const help = await runProgram({ args: ["--help"], before });
    assert.equal(help.code, 4);
    assert.equal(help.stdout, "");
    const { code, stderr } = await login(scene, { before });
    assert.equal(code, 7);
    assert.match(stderr, new RegExp(`reason=request_invalid .*${name} is not`));
    assert.match(stderr, /^[\x20-\x7e]+\n$/);
  }
});

Deno.test("every variable that is not UTF-8 ends in a refusal and one line", async () => {
  await using scene = await createScene();
  for (
    const name of [
      ...["PAM_SERVICE", "PAM_RHOST", "PAM_TTY", "PAM_RUSER"],
      ...["OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION"],
    ]
  ) {
    const script = `export ${name}="$(printf '\\377')"; exec "$@"`;
    const { code, stderr } = await login(scene, {
      before: ["sh", "-c", script, "sh"],
    });
    assert.equal(code, 7, name);
    assert.match(stderr, new RegExp(`${name} is not UTF-8`));
    assert.match(stderr, /^[\x20-\x7e]+\n$/);
  }
});

for (
  const type of [
    ...["account", "session", "password", "open_session", "setcred"],
    ...["AUTH", "auth ", "", null],
  ]
) {
  Deno.test(`a good token is refused with PAM_TYPE ${JSON.stringify(type)}`, async () => {
    await using scene = await createScene();
    const { PAM_TYPE: _, ...rest } = PAM_ENVIRONMENT;
    const env = type === null ? rest : { ...rest, PAM_TYPE: type };
    const { code, stderr } = await login(scene, { env });
    assert.equal(code, 7);
    assert.match(stderr, /reason=request_invalid/);
    assert.equal(scene.server.connections, 0);
  });
}

Deno.test("a closed standard output or error changes nothing", async () => {
  await using scene = await createScene();
  const closed = ">&-|2>&-|>&- 2>&-|>/dev/full 2>/dev/full".split("|");
  for (const redirection of closed) {
    const before = ["sh", "-c", `exec "$@" ${redirection}`, "sh"];
    assert.equal((await login(scene, { before })).code, 0, redirection);
    const bad = await login(scene, { before, stdin: "x" });
    assert.equal(bad.code, 7, redirection);
  }
});

Deno.test("a standard error that is full for ever does not keep the login", async () => {
  await using scene = await createScene();
  const pipe = `${scene.site.directory}/pipe`;
  const script = `mkfifo "${pipe}" && exec 3<>"${pipe}" &&
    head -c 65536 /dev/zero >&3 && rm "${pipe}" && exec "$@" 2>&3`;
  const before = ["sh", "-c", script, "sh"];
  const [good, bad] = await Promise.all([
    login(scene, { before }),
    login(scene, {
      before: ["sh", "-c", script.replaceAll(pipe, `${pipe}2`), "sh"],
      stdin: "x",
    }),
  ]);
  assert.equal(good.code, 0);
  assert.equal(bad.code, 7);
  assert.ok(good.milliseconds < 10_000 && bad.milliseconds < 10_000);
});

Deno.test("a standard input that is closed, empty or a folder holds no token", async () => {
  await using scene = await createScene();
  for (const redirection of ["<&-", "</dev/null", "</"]) {
    const { code, stderr } = await login(scene, {
      before: ["sh", "-c", `exec "$@" ${redirection}`, "sh"],
    });
    assert.equal(code, 7, redirection);
    assert.match(stderr, /reason=token_missing/);
  }
});

Deno.test("a hundred megabytes are not read to their end", async () => {
  await using scene = await createScene();
  for (const byte of ["\\0", "x"]) {
    const script = `head -c 100000000 /dev/zero | tr '\\0' '${byte}' | "$@"`;
    const { code, stderr, milliseconds } = await login(scene, {
      before: ["sh", "-c", script, "sh"],
    });
    assert.equal(code, 7);
    assert.match(stderr, /reason=token_malformed .*more than 16384 bytes/);
    assert.ok(milliseconds < 10_000);
  }
});

Deno.test("a standard input that never ends is given up, with and without a token in it", async () => {
  await using scene = await createScene();
  const runs = await Promise.all(
    ["", await scene.token()].map((leaveOpen) => login(scene, { leaveOpen })),
  );
  for (const { code, stderr, milliseconds } of runs) {
    assert.equal(code, 7);
    assert.match(stderr, /reason=token_missing .*not closed in time/);
    assert.ok(milliseconds < 15_000);
  }
});

for (
  const [signal, expected] of [
    ["SIGTERM", 143],
    ["SIGKILL", 137],
    ["SIGINT", 130],
    ["SIGHUP", 129],
    ["SIGABRT", 134],
  ] as const
) {
  Deno.test(`${signal} in the middle of a login is no grant`, async () => {
    await using scene = await createScene();
    scene.server.on("/jwks", hang());
    const { code } = await login(scene, {
      before: ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh"],
      whileRunning: async (child) => {
        await until(() => scene.server.requestCount("/jwks") > 0, {
          what: "the request for keys",
        });
        child.kill(signal);
      },
    });
    assert.equal(code, expected);
    // what it left behind is in nobody's way
    scene.server.on("/jwks");
    assert.equal((await scene.attempt()).reason, "allowed");
  });
}

Deno.test("a login that has too little memory is no grant", async () => {
  await using scene = await createScene();
  const { code } = await login(scene, {
    before: ["prlimit", "--data=30000000"],
  });
  assert.notEqual(code, 0);
});

Deno.test("a resolver that says nothing does not keep the login", async () => {
  await using scene = await createScene();
  const { directory, policyFile } = scene.site;
  const resolver = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.77",
    port: 53,
  });
  await Deno.writeTextFile(
    `${directory}/resolv.conf`,
    "nameserver 127.0.0.77\noptions attempts:9 timeout:9\n",
  );
  const policy = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    policy.replaceAll(scene.server.issuer, "https://login.example.edu"),
  );
  const questions = resolver.receive();
  const { code, stderr, milliseconds } = await login(scene, {
    stdin: await scene.token({ claims: { iss: "https://login.example.edu" } }),
    before: withMounts([], {
      "/etc/resolv.conf": `${directory}/resolv.conf`,
    }),
  });
  const [question] = await questions;
  resolver.close();
  assert.match(new TextDecoder("latin1").decode(question), /login.example/);
  assert.equal(code, 9, stderr);
  assert.match(stderr, /did not answer in time/);
  assert.ok(milliseconds < 13_000, `${milliseconds} ms`);
});

Deno.test("no variable of the environment makes a certificate good", async () => {
  const foreign = await createAuthority();
  await using scene = await createScene({ caPem: foreign.caPem });
  const { code, stderr } = await login(scene, {
    env: {
      ...PAM_ENVIRONMENT,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      SSL_CERT_FILE: `${scene.site.directory}/ca.pem`,
    },
  });
  assert.equal(code, 9, stderr);
  assert.equal(scene.server.requests.length, 0);
});

Deno.test("no file holds a piece of the token after a login", async () => {
  await using scene = await createScene({ issuerLines: ["one_time: true"] });
  const { cacheDirectory, policyFile, directory } = scene.site;
  const policy = await Deno.readTextFile(policyFile);
  const audit = `audit: {file: ${cacheDirectory}/audit.jsonl}\n`;
  await Deno.writeTextFile(policyFile, policy + audit);
  const good = await scene.token();
  const late = await scene.token({ claims: { exp: 1, iat: 0 } });
  assert.equal((await login(scene, { stdin: good })).code, 0);
  assert.equal((await login(scene, { stdin: late })).code, 7);
  const files = await filesBelow(directory);
  // the keys, the one-time entry and the audit lines are there to be looked at
  assert.ok(files.length >= 5, files.join());
  for (const file of files) {
    const text = new TextDecoder("latin1").decode(
      await Deno.readFile(`${directory}/${file}`),
    );
    for (const part of [...good.split("."), ...late.split(".")]) {
      assert.ok(!text.includes(part), `${file}: ${part}`);
    }
  }
});

Deno.test("a hundred logins with nonsense, eight at a time, are refused at no cost to the issuer", async () => {
  await using scene = await createScene();
  let left = 100;
  const results: ProgramResult[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) results.push(await login(scene, { stdin: "x.y.z" }));
    }),
  );
  assert.equal(results.length, 100);
  assert.deepEqual([...new Set(results.map(({ code }) => code))], [7]);
  assert.equal(scene.server.connections, 0);
  // some 50 ms where the machine does nothing else
  const slowest = Math.max(...results.map((each) => each.milliseconds));
  assert.ok(slowest < 5000, `${slowest} ms`);
});

Deno.test("a token is neither in the arguments, the environment nor the log of a login", async () => {
  await using scene = await createScene();
  scene.server.on("/jwks", hang());
  const token = await scene.token();
  let seen = "";
  const { stderr } = await login(scene, {
    stdin: token,
    whileRunning: async (child) => {
      await until(() => scene.server.requestCount("/jwks") > 0, {
        what: "the request for keys",
      });
      for (const file of ["cmdline", "environ"]) {
        seen += await readProc(child.pid, file);
      }
      child.kill("SIGTERM");
    },
  });
  assert.match(seen, /PAM_USER=alice/);
  for (const part of token.split(".")) {
    assert.ok(!(seen + stderr).includes(part));
  }
});
