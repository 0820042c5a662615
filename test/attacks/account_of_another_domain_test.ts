/**
 * Names of one domain that stand for an account of the host or of another domain.
 *
 * @module
 */
// Threats: E1, E2, E9
import { setScene } from "../support/attack.ts";
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

const ROOTS = ["root@corp.example", "CORP\\root", "Root", "ROOT@corp.example"];

Deno.test("login refuses full names where accounts are not called so", async () => {
  await using scene = await setScene({
    ruleLines: ["  - {claim: preferred_username}"],
  });
  for (const name of ROOTS) {
    const token = await tokenOf(scene, name);
    await scene.refusesUnasked(token, "request_invalid", asks(name));
  }
});

Deno.test("login refuses a domain's root where the host takes it for its own", async () => {
  await using scene = await setFullNames("sssd");
  for (const name of ROOTS) {
    const token = await tokenOf(scene, name);
    // a default domain is cut off, and root is found
    const cut = asks(name, "0:root");
    await scene.refuses(token, "account_not_permitted", cut);
    await scene.refuses(token, "account_protected", asks(name, `0:${name}`));
    await scene.refuses(token, "account_protected", asks(name, `999:${name}`));
    await scene.refuses(token, "account_not_permitted", asks("root", "0:root"));
  }
});

Deno.test("login refuses the account of one domain to the same name of another", async () => {
  await using scene = await setFullNames("sssd");
  const accounts = [
    "alice@corp.example",
    "alice@evil.example",
    "alice@corp.example.evil.example",
    "alice@CORP",
    "CORP\\alice",
    "EVIL\\alice",
    "corp.example\\alice",
    "alice",
  ];
  for (const name of accounts) {
    const token = await tokenOf(scene, name);
    for (const account of accounts) {
      if (account === name) await scene.admits(token, asks(account));
      else await scene.refuses(token, "account_not_permitted", asks(account));
    }
  }
});

Deno.test("login refuses a domain that is left when a suffix is cut off", async () => {
  await using scene = await setFullNames("sssd", {
    ruleLines: [
      '  - {claim: email, strip_suffix: "-x@example.edu"}',
      '  - {claim: email, strip_suffix: ".example.net"}',
    ],
  });
  for (
    const [email, account] of [
      ["CORP\\root@example.edu", "CORP\\root"],
      ["CORP\\alice@example.edu", "CORP\\alice"],
      ["alice@corp-x@example.edu", "alice@corp"],
      ["alice@corp.example.net", "alice@corp"],
      ["CORP\\alice.example.net", "CORP\\alice"],
    ] as const
  ) {
    const token = await scene.token({ claims: { email } });
    await scene.refuses(token, "account_not_permitted", asks(account));
  }
  for (
    const email of [
      "Alice@example.edu",
      "Alice-x@example.edu",
      "Alice.example.net",
    ]
  ) {
    await scene.admits(await scene.token({ claims: { email } }), asks("Alice"));
  }
});
