/**
 * The PAM environment: what is not plain is refused, not repaired.
 *
 * @module
 */
// Threats: E3, E4, E13, G9
import assert from "node:assert/strict";
import { ACCOUNT_PATTERNS } from "../../../src/policy/account_name.ts";
import {
  checkAccountName,
  loggedVariable,
  readPamRequest,
  RequestError,
} from "../../../src/pam/host/environment.ts";

const GOOD: Record<string, string | undefined> = {
  PAM_TYPE: "auth",
  PAM_USER: "alice",
  PAM_SERVICE: "sshd",
  PAM_RHOST: "192.0.2.7",
};

function request(env: Record<string, string | undefined>) {
  return readPamRequest((name) => ({ ...GOOD, ...env })[name]);
}

function refuses(env: Record<string, string | undefined>, name: string) {
  assert.throws(
    () => request(env),
    (error) =>
      error instanceof RequestError && error.message.startsWith(`${name} `),
    JSON.stringify(env).slice(0, 200),
  );
}

Deno.test("readPamRequest() returns what PAM and the launcher said", () => {
  assert.deepEqual(
    request({
      PAM_TTY: "ssh",
      PAM_RUSER: "bob",
      OAUTH_PAM_ACCOUNT: "1000:alice",
      OAUTH_PAM_CONVERSATION: "4711-123456",
    }),
    {
      user: "alice",
      service: "sshd",
      rhost: "192.0.2.7",
      connection: null,
      ruser: "bob",
      host: { uid: 1000, name: "alice" },
      conversation: "4711-123456",
    },
  );
});

Deno.test("readPamRequest() takes an absent and an empty PAM_RHOST as none", () => {
  const expected = {
    user: "alice",
    service: "sshd",
    rhost: null,
    connection: null,
    ruser: null,
    conversation: null,
  };
  assert.deepEqual(request({ PAM_RHOST: undefined }), expected);
  assert.deepEqual(request({ PAM_RHOST: "" }), expected);
});

Deno.test("readPamRequest() tells an account that the host does not know from one nobody asked about", () => {
  assert.equal(request({ OAUTH_PAM_ACCOUNT: "" }).host, "unknown");
  assert.ok(!("host" in request({})));
});

for (
  const type of [
    ...[undefined, "", "account", "session", "password", "open_session"],
    ...[
      "setcred",
      "AUTH",
      "Auth",
      " auth",
      "auth ",
      "auth\n",
      "auth\0",
      "authx",
    ],
    ...["auth,account", "аuth", "0"],
  ]
) {
  Deno.test(`readPamRequest() refuses PAM_TYPE ${JSON.stringify(type)}`, () => {
    refuses({ PAM_TYPE: type }, "PAM_TYPE");
  });
}

const NOT_ACCOUNTS = [
  ...[undefined, "", "-x", "-0", "+0", "..", "al ice", "alice "],
  ...[" alice", "alice\n", "alice\0", "../alice", "a/b", "alice:x", "älice"],
  ...[
    "a".repeat(256),
    "a".repeat(100_000),
    "\x1b[31m",
    "al\u202eice",
    "\u212a",
  ],
  ...["$(id)", "a;b", "a=b", ".", "a,b", "a#b", "a@", "@a", "a@b@c", "a@-b"],
  ...["\\a", "A\\", "A\\b\\c", "A\\b@c", "A\\-b", "A\\.", "a@b/c", "A/b"],
];
for (const user of NOT_ACCOUNTS) {
  const shown = JSON.stringify(user)?.slice(0, 40);
  Deno.test(`readPamRequest() refuses PAM_USER ${shown}`, () => {
    refuses({ PAM_USER: user }, "PAM_USER");
  });
}

Deno.test("readPamRequest() takes account names as long and as odd as they may be", () => {
  for (const user of ["a", "_x", "a".repeat(32), "a.b-c_d9", "constructor"]) {
    assert.equal(request({ PAM_USER: user }).user, user);
  }
});

// which of them a host's accounts are called, the policy says
const OF_SOME_HOSTS: readonly [string, "sssd" | "relaxed"][] = [
  ...["Alice", "ALICE", "alice@corp.example", "CORP\\alice", "_A.b-C@x-1.y"]
    .map((name): [string, "sssd"] => [name, "sssd"]),
  ["3com.example\\Bob", "sssd"],
  ["a".repeat(33), "sssd"],
  ["a".repeat(255), "sssd"],
  ["0", "relaxed"],
  ["1000", "relaxed"],
  ["20231234", "relaxed"],
  ["7of9@corp.example", "relaxed"],
  ["CORP\\1234", "relaxed"],
];
for (const [user, narrowest] of OF_SOME_HOSTS) {
  Deno.test(`checkAccountName() takes ${JSON.stringify(user).slice(0, 40)} from ${narrowest} on, and with the host's word alone`, () => {
    for (const accounts_pattern of ACCOUNT_PATTERNS) {
      const check = (env: Record<string, string>) => () =>
        checkAccountName(request({ PAM_USER: user, ...env }), {
          accounts_pattern,
        });
      const fits = accounts_pattern === "relaxed" ||
        accounts_pattern === narrowest;
      const asked = check({ OAUTH_PAM_ACCOUNT: `4294967295:${user}` });
      if (!fits) {
        assert.throws(asked, /^RequestError: PAM_USER is not an account name/);
        continue;
      }
      asked();
      // what the host says is a rule's business; that it was asked is not
      check({ OAUTH_PAM_ACCOUNT: "" })();
      assert.throws(
        check({}),
        /^RequestError: OAUTH_PAM_ACCOUNT is not set: start the program by the launcher$/,
      );
    }
  });
}

Deno.test("checkAccountName() asks no host about the names that every host has", () => {
  checkAccountName(request({}), { accounts_pattern: "posix" });
  for (const accounts_pattern of ["sssd", "relaxed"] as const) {
    assert.throws(
      () => checkAccountName(request({}), { accounts_pattern }),
      /OAUTH_PAM_ACCOUNT is not set/,
    );
  }
});

Deno.test("readPamRequest() refuses services that are not file names of /etc/pam.d", () => {
  for (
    const service of [
      ...[undefined, "", "../sshd", "a/b", "-x", ".sshd", "a b", "a\n"],
      "s".repeat(65),
    ]
  ) {
    refuses({ PAM_SERVICE: service }, "PAM_SERVICE");
  }
});

for (const name of ["PAM_RHOST", "PAM_TTY", "PAM_RUSER"]) {
  Deno.test(`readPamRequest() refuses control characters, spaces and over-long values in ${name}`, () => {
    const values = [
      ...["a b", "a\nb", "\x1b]0;x\x07", "a\0", "\x7f", "ü", "\u2028"],
      "x".repeat(256),
    ];
    for (const value of values) refuses({ [name]: value }, name);
    request({ [name]: "x".repeat(255) });
  });
}

Deno.test("readPamRequest() refuses what the launcher would not write", () => {
  const accounts = [
    ...["alice", ":alice", "1000:", "01:alice", "-1:alice", "1e3:alice"],
    ...["10000000000:alice", "1000:al ice", "1000 :alice", "0x0:root", " "],
  ];
  for (const value of accounts) {
    refuses({ OAUTH_PAM_ACCOUNT: value }, "OAUTH_PAM_ACCOUNT");
  }
  const conversations = [
    ...["1", "1-", "-1", "0-1", "1-0", "01-1", "1-1-1", "a-b", "1 -1", "1-1\n"],
    ...["../x-1", `1-${"1".repeat(21)}`, `${"1".repeat(11)}-1`],
  ];
  for (const value of conversations) {
    refuses({ OAUTH_PAM_CONVERSATION: value }, "OAUTH_PAM_CONVERSATION");
  }
});

for (
  const name of [
    ...["PAM_TYPE", "PAM_USER", "PAM_SERVICE", "PAM_RHOST", "PAM_TTY"],
    ...["PAM_RUSER", "OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION"],
  ]
) {
  Deno.test(`readPamRequest() refuses a ${name} that is not UTF-8`, () => {
    const env = (asked: string) => {
      if (asked === name) throw new TypeError("invalid utf-8");
      return GOOD[asked];
    };
    assert.throws(
      () => readPamRequest(env),
      new RequestError(`${name} is not UTF-8`),
    );
    assert.equal(loggedVariable(env, name), "(not UTF-8)");
  });
}

Deno.test("loggedVariable() keeps 256 characters", () => {
  assert.equal(loggedVariable(() => "x".repeat(9999), "PAM_USER")?.length, 256);
  assert.equal(loggedVariable(() => undefined, "PAM_USER"), null);
  assert.equal(loggedVariable(() => "", "PAM_USER"), "");
});
