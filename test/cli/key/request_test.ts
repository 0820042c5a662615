/**
 * What `oauth-pam key` takes for arguments: what it does not understand, it does not begin with.
 *
 * @module
 */
import assert from "node:assert/strict";
import { keyRequest } from "../../../src/cli/key/request.ts";
import { UsageError } from "../../../src/cli/arguments.ts";
import { cli } from "../../support/cli.ts";

const WORDS = ["--issuer", "https://login.example.edu", "--client-id", "ssh"];

Deno.test("keyRequest() has defaults for all but the issuer and the client", async () => {
  assert.deepEqual(await keyRequest(WORDS), {
    issuer: "https://login.example.edu",
    clientId: "ssh",
    clientSecretFile: null,
    caFile: null,
    scope: "openid email",
    parameters: {},
    loopback: { host: "127.0.0.1", port: 0, path: "/callback" },
    lifetime: null,
    ensure: false,
    print: false,
    patience: 300_000,
  });
});

Deno.test("keyRequest() reads every option", async () => {
  assert.deepEqual(
    await keyRequest([
      ...["--issuer=https://login.example.edu/realms/a/", "--client-id=a b"],
      ...["--client-secret-file", "secret", "--ca-file", "ca.pem"],
      ...["--scope", "profile openid", "--parameter", "prompt=login"],
      ...["--parameter", "acr_values=a=b c", "--lifetime", "7d", "--ensure"],
      ...["--print", "--redirect-uri", "http://localhost/cb", "--port", "3000"],
      ...["--timeout", "1h"],
    ]),
    {
      issuer: "https://login.example.edu/realms/a/",
      clientId: "a b",
      clientSecretFile: "secret",
      caFile: "ca.pem",
      scope: "profile openid",
      parameters: { prompt: "login", acr_values: "a=b c" },
      loopback: { host: "localhost", port: 3000, path: "/cb" },
      lifetime: 7 * 86_400,
      ensure: true,
      print: true,
      patience: 3_600_000,
    },
  );
  assert.equal((await keyRequest([...WORDS, "--device"])).loopback, null);
  assert.equal(
    (await keyRequest([...WORDS, "--lifetime", "token"])).lifetime,
    null,
  );
});

const WRONG: readonly [readonly string[], RegExp][] = [
  [[], /--issuer is missing/],
  [WORDS.slice(0, 2), /--client-id is missing/],
  [WORDS.slice(2), /--issuer is missing/],
  [["--issuer=", ...WORDS.slice(2)], /--issuer is missing/],
  [[...WORDS, "alice"], /unexpected argument "alice"/],
  [[...WORDS, "--devise"], /did you mean "--device"/],
  [[...WORDS, "--issuer", "http://login.example.edu"], /expected an https URL/],
  [[...WORDS, "--issuer", "login.example.edu"], /expected an https URL/],
  [
    [...WORDS, "--issuer", "https://login.example.edu?a=b"],
    /expected an https/,
  ],
  [[...WORDS, "--issuer", "https://login.example.edu/#a"], /expected an https/],
  [
    [...WORDS, "--issuer", "https://a:b@login.example.edu"],
    /expected an https/,
  ],
  [[...WORDS, "--issuer", " https://login.example.edu"], /expected an https/],
  [[...WORDS, "--client-id", "a\nb"], /--client-id holds other than printable/],
  [[...WORDS, "--client-id", "ä"], /--client-id holds other than printable/],
  [[...WORDS, "--scope", "email"], /--scope does not have "openid"/],
  [[...WORDS, "--scope", ""], /--scope holds other than printable/],
  [
    [...WORDS, "--scope", "openid\temail"],
    /--scope holds other than printable/,
  ],
  [
    [...WORDS, "--lifetime", "0h"],
    /expected "token" or a time such as 30m, at most 7d/,
  ],
  [[...WORDS, "--lifetime", "8d"], /at most 7d/],
  [[...WORDS, "--lifetime", "8"], /expected "token" or a time/],
  [[...WORDS, "--lifetime", "-1h"], /lifetime/],
  [[...WORDS, "--lifetime", "forever"], /expected "token" or a time/],
  [[...WORDS, "--timeout", "2h"], /expected a time such as 30m, at most 1h/],
  [[...WORDS, "--port", "0"], /expected 1-65535/],
  [[...WORDS, "--port", "65536"], /expected 1-65535/],
  [[...WORDS, "--port", "http"], /expected 1-65535/],
  [
    [...WORDS, "--redirect-uri", "https://client.example.edu/"],
    /expected http:\/\/127\.0\.0\.1/,
  ],
  [[...WORDS, "--redirect-uri", ""], /expected http:\/\/127\.0\.0\.1/],
  [
    [...WORDS, "--redirect-uri", "http://localhost:1/", "--port", "2"],
    /--port and the port of --redirect-uri/,
  ],
  [[...WORDS, "--device", "--port", "3000"], /--device has no use for --port/],
  [
    [...WORDS, "--device", "--redirect-uri", "http://localhost/"],
    /--device has no use for/,
  ],
  [[...WORDS, "--parameter", "acr_values"], /expected NAME=TEXT/],
  [[...WORDS, "--parameter", "=x"], /expected NAME=TEXT/],
  ...[
    ...["client_id", "client_secret", "code_challenge", "nonce", "state"],
    ...["code_challenge_method", "redirect_uri", "request", "request_uri"],
    ...["response_mode", "response_type", "scope"],
  ].map((name): [string[], RegExp] => [
    [...WORDS, "--parameter", `${name}=x`],
    new RegExp(`--parameter cannot set "${name}"`),
  ]),
];

for (const [args, message] of WRONG) {
  Deno.test(`key ${args.join(" ")} is a usage error`, async () => {
    await assert.rejects(
      keyRequest(args),
      (error) => error instanceof UsageError && message.test(error.message),
    );
    const { code, stdout, stderr } = await cli(["key", ...args]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, message);
  });
}

Deno.test("key --help says what it may do, and how it ends", async () => {
  const { code, stdout } = await cli(["key", "--help"]);
  assert.equal(code, 0);
  for (
    const said of [
      /^usage: oauth-pam key --issuer URL --client-id ID /,
      /Match host \*\.example\.edu exec "oauth-pam key --ensure --issuer URL --client-id ID"/,
      /connects to the issuer/,
      /exit codes: 0 .*1 refused, 2 usage, 3 no answer/,
    ]
  ) assert.match(stdout, said);
  assert.ok(stdout.split("\n").every((line) => line.length <= 100));
});
