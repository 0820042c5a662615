/**
 * The hosts of a policy, in the spelling that Deno's permissions compare.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  BuildError,
  permissionFlags,
  permissionNeeds,
  type PermissionPolicy,
  requiredHosts,
} from "../../src/build/permissions.ts";

interface IssuerPart {
  issuer?: string;
  hosts?: string[];
  proxy?: string | null;
}

function policy(...issuers: IssuerPart[]): PermissionPolicy {
  return {
    issuers: issuers.map((part, index) => ({
      name: `issuer${index}`,
      issuer: "https://login.example.edu",
      hosts: [],
      proxy: null,
      ...part,
    })),
    cache: {
      directory: "/var/cache/oauth-pam",
      ssh_keys_directory: "/var/cache/oauth-pam-keys",
    },
    log: { socket: "/dev/log" },
  };
}

for (
  const [part, expected] of [
    [{}, ["login.example.edu:443"]],
    [{ issuer: "https://login.example.edu/realms/a?x" }, [
      "login.example.edu:443",
    ]],
    [{ issuer: "https://login.example.edu:8443/a" }, [
      "login.example.edu:8443",
    ]],
    [{ issuer: "https://LOGIN.example.edu" }, ["login.example.edu:443"]],
    [{ issuer: "https://bücher.example.org" }, [
      "xn--bcher-kva.example.org:443",
    ]],
    [{ issuer: "https://192.0.2.7:8443" }, ["192.0.2.7:8443"]],
    [{ issuer: "https://[2001:DB8::1]" }, ["[2001:db8::1]:443"]],
    [{ issuer: "https://[2001:db8::1]:8443" }, ["[2001:db8::1]:8443"]],
    [{ hosts: ["keys.example.edu"] }, [
      "keys.example.edu:443",
      "login.example.edu:443",
    ]],
    [{ hosts: ["Keys.example.edu:8443"] }, [
      "keys.example.edu:8443",
      "login.example.edu:443",
    ]],
    [{ hosts: ["login.example.edu:443"] }, ["login.example.edu:443"]],
    [{ hosts: ["keys.example.edu:80"] }, [
      "keys.example.edu:80",
      "login.example.edu:443",
    ]],
    [{ hosts: ["[2001:db8::2]"] }, [
      "[2001:db8::2]:443",
      "login.example.edu:443",
    ]],
    [{ hosts: ["[2001:db8::2]:8443"] }, [
      "[2001:db8::2]:8443",
      "login.example.edu:443",
    ]],
    [{ discovery_url: "https://Keys.example.edu:8443/t?p=x" }, [
      "keys.example.edu:8443",
      "login.example.edu:443",
    ]],
    [{ discovery_url: "https://login.example.edu/elsewhere" }, [
      "login.example.edu:443",
    ]],
    [{ discovery_url: null }, ["login.example.edu:443"]],
    [{ proxy: "http://proxy.example.edu" }, [
      "login.example.edu:443",
      "proxy.example.edu:80",
    ]],
    [{ proxy: "http://proxy.example.edu:3128" }, [
      "login.example.edu:443",
      "proxy.example.edu:3128",
    ]],
    [{ proxy: "https://proxy.example.edu" }, [
      "login.example.edu:443",
      "proxy.example.edu:443",
    ]],
    [{ proxy: "socks5://Proxy.example.edu" }, [
      "login.example.edu:443",
      "proxy.example.edu:1080",
    ]],
  ] as [IssuerPart, string[]][]
) {
  Deno.test(`requiredHosts() reads ${JSON.stringify(part)}`, () => {
    const hosts = requiredHosts(policy(part));
    assert.deepEqual(hosts, expected);
    const [net] = permissionFlags(permissionNeeds(policy(part)), {
      denoVersion: "2.4.2",
    });
    assert.equal(net, `--allow-net=${expected.join()}`);
  });
}

Deno.test("requiredHosts() names a host of several issuers once, and none without issuers", () => {
  assert.deepEqual(
    requiredHosts(
      policy({}, { issuer: "https://b.example.org" }, {
        hosts: ["b.example.org"],
      }),
    ),
    ["b.example.org:443", "login.example.edu:443"],
  );
  assert.deepEqual(requiredHosts(policy()), []);
});

for (
  const part of [
    { issuer: "http://login.example.edu" },
    { issuer: "login.example.edu" },
    { issuer: "https://*.example.edu" },
    { hosts: [""] },
    { hosts: ["*"] },
    { hosts: ["*.example.edu"] },
    { hosts: ["a.example.org,b.example.org"] },
    { hosts: ["192.0.2.0/24"] },
    { hosts: ["https://keys.example.edu"] },
    { hosts: ["keys.example.edu/path"] },
    { hosts: ["user@keys.example.edu"] },
    { hosts: ["keys.example.edu:0"] },
    { hosts: ["keys.example.edu:70000"] },
    { hosts: ["keys.example.edu:"] },
    { hosts: ["keys\t.example.edu"] },
    { hosts: ["keys.example.edu\\x"] },
    { hosts: ["keys%2eexample.edu"] },
    { hosts: ["2001:db8::1"] },
    { hosts: ["2001:db8::1:443"] },
    { discovery_url: "http://keys.example.edu/x" },
    { discovery_url: "keys.example.edu" },
    { discovery_url: "https://*.example.edu/x" },
    { proxy: "ftp://proxy.example.edu" },
    { proxy: "proxy.example.edu:3128" },
    { proxy: "socks5://*:1" },
  ] as IssuerPart[]
) {
  Deno.test(`requiredHosts() refuses ${JSON.stringify(part)} and names the issuer`, () => {
    assert.throws(
      () => requiredHosts(policy(part)),
      (error) =>
        error instanceof BuildError &&
        error.message.startsWith('issuer "issuer0"'),
    );
  });
}

Deno.test("the flags are what this Deno understands: one host, not its neighbours", async () => {
  const needs = permissionNeeds(
    policy({ hosts: ["[2001:db8::2]", "Keys.example.edu:8443"] }),
  );
  const given = permissionFlags(needs, { denoVersion: Deno.version.deno });
  const queries = [
    "login.example.edu:443",
    "keys.example.edu:8443",
    "[2001:db8::2]:443",
    "login.example.edu:8443",
    "example.edu:443",
    "keys.example.edu:443",
    "[2001:db8::3]:443",
  ];
  const script = `for (const host of ${JSON.stringify(queries)})
    console.log(Deno.permissions.querySync({ name: "net", host }).state);`;
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(file, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...given, file],
    }).output();
    const decoder = new TextDecoder();
    assert.deepEqual(
      decoder.decode(stdout).trim().split("\n"),
      ["granted", "granted", "granted", "prompt", "prompt", "prompt", "prompt"],
      decoder.decode(stderr),
    );
  } finally {
    await Deno.remove(file);
  }
});
