/**
 * The report as a browser shows it: of every shipped policy, of hostile and of large ones, at two
 * widths, light and dark and on paper.
 *
 * @module
 */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { auditedPolicy, writeAuditFile } from "../support/audit_records.ts";
import { cliOnDisk } from "../support/cli.ts";
import { largeDocument } from "../support/large_policies.ts";
import {
  type Browser,
  type BrowserPage,
  startBrowser,
} from "../support/page_check.ts";

const POLICIES = new URL("../../policies/", import.meta.url).pathname;
const SHIPPED = [...Deno.readDirSync(POLICIES)]
  .map(({ name }) => name)
  .filter((name) => /^[^.]+\.yaml$/.test(name)).sort();

/** Nobody prints what shines in the dark. */
const EXPECTED = { paper: "dark" } as const;

const MARKUP = `</text></svg><script>alert(1)</script>`;
const IMAGE = `"><img src=x onerror=alert(1)>`;
const LONG = "a-name-that-is-longer-than-any-box-".repeat(3);

/** Names that are markup, longer than any box, of other scripts, and without a place to break. */
const HOSTILE = stringify({
  version: 1,
  issuers: Object.fromEntries(
    ["campus", LONG.slice(0, 64), "x".repeat(64)].map((name, index) => [name, {
      issuer: `https://login${index}.example.edu/${"y".repeat(90)}`,
      audiences: ["ssh", MARKUP],
    }]),
  ),
  rules: {
    markup: {
      description: `${MARKUP}${IMAGE}`,
      services: ["sshd"],
      when: {
        groups: { any: [MARKUP, IMAGE, "${7*7}", "javascript:alert(1)"] },
        [`/${"z".repeat(80)}`]: { in: ["w".repeat(120), "職員".repeat(40)] },
      },
      accounts: [{
        claim: "email",
        strip_suffix: `@${"q".repeat(60)}.example`,
      }],
    },
    [`r${"u".repeat(60)}`]: {
      description: "l".repeat(180),
      when: { groups: { any: ["𓀀".repeat(30), "\u202egnp.exe", "&lt;b&gt;"] } },
      accounts: [{ names: ["deploy", "k".repeat(31)] }],
    },
    never: {
      effect: "deny",
      when: { groups: { any: [`</style><style>*{display:none}</style>`] } },
    },
  },
});

Deno.test("what the report looks like in a browser", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-report-" });
  try {
    await using browser = await startBrowser();
    const make = async (name: string, args: readonly string[]) => {
      const path = `${folder}/${name}.html`;
      const { stderr } = await cliOnDisk([
        ...["policy", "report", ...args],
        ...["--fail-level", "never", "--output", path],
      ]);
      assert.equal(await exists(path), true, stderr);
      return path;
    };
    for (const name of SHIPPED) {
      await t.step(name, async () => {
        const path = await make(name, [`${POLICIES}${name}`]);
        await using page = await looksRight(browser, path);
        if (name !== "university.yaml") return;
        assert.deepEqual(await page.keyboard(), []);
        assert.deepEqual(await page.moving(), []);
      });
    }
    await t.step(
      "names that are markup, long, or of other scripts",
      async () => {
        await Deno.writeTextFile(`${folder}/hostile.yaml`, HOSTILE);
        const path = await make("hostile", [`${folder}/hostile.yaml`]);
        await using page = await looksRight(browser, path);
        assert.deepEqual(await page.keyboard(), []);
        // they are there, as text, and nothing became of them
        const text = await page.evaluate<string>("document.body.textContent");
        for (const name of [MARKUP, IMAGE, "${7*7}", "&lt;b&gt;"]) {
          assert.ok(text.includes(name), name);
        }
        const strange = "script, img, iframe, object, main style, [onerror]";
        assert.equal(
          await page.evaluate(
            `document.querySelectorAll(${JSON.stringify(strange)}).length`,
          ),
          0,
        );
        assert.equal(
          await page.evaluate(
            `[...document.querySelectorAll("a")].every((each) => each.getAttribute("href").startsWith("#"))`,
          ),
          true,
        );
      },
    );
    await t.step("changes, and what was last used", async () => {
      await Deno.writeTextFile(`${folder}/old.yaml`, auditedPolicy());
      await Deno.writeTextFile(
        `${folder}/new.yaml`,
        `${auditedPolicy({ departments: 9, mfa: true })}
  visitors:
    when: {groups: {any: [visitors]}}
    accounts: [{names: [visitor]}]
`,
      );
      await writeAuditFile(`${folder}/audit.jsonl`, 500);
      const path = await make("changes", [
        `${folder}/new.yaml`,
        ...["--against", `${folder}/old.yaml`],
        ...["--audit", `${folder}/audit.jsonl`],
        ...["--now", "2026-06-01T00:00:00Z"],
      ]);
      await using page = await looksRight(browser, path);
      assert.deepEqual(await page.keyboard(), []);
      const text = await page.evaluate<string>("document.body.innerText");
      for (const word of ["visitors", "dept9", "operators", "token_expired"]) {
        assert.ok(text.includes(word), word);
      }
    });
    await t.step("markup that got in could do nothing", async () => {
      const path = await make("strange", [`${POLICIES}company.yaml`]);
      const strange = `<base href="https://evil.example/">
        <script>document.title = "run"</script>
        <img src="https://evil.example/a.png" onerror="document.title = 'run'">
        <link rel="stylesheet" href="https://evil.example/a.css">
        <i style="position: fixed"></i>
        <form action="?sent"><button id="send">x</button></form>`;
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(
        path,
        text.replace("<main>", `<main>${strange}`),
      );
      await using page = await browser.open(path);
      await page.evaluate(`document.getElementById("send").click()`);
      await page.until("document.readyState === 'complete'");
      assert.deepEqual(
        await page.evaluate(`[
          document.title,
          document.baseURI,
          location.search,
          getComputedStyle(document.querySelector("i")).position,
        ]`),
        [
          `${POLICIES}company.yaml: who gets in`,
          `file://${path}`,
          "",
          "static",
        ],
      );
      const { connections, errors, console } = await page.events();
      assert.deepEqual({ connections, errors }, {
        connections: [],
        errors: [],
      });
      for (const what of ["base-uri", "form-action", "script-src", "img-src"]) {
        assert.ok(console.some((line) => line.includes(what)), what);
      }
    });
    await t.step("1,000 rules, within two seconds", async () => {
      await Deno.writeTextFile(
        `${folder}/large.yaml`,
        JSON.stringify(largeDocument(15, 1_000)),
      );
      const path = await make("large", [`${folder}/large.yaml`]);
      const loads = async () => {
        await using page = await browser.open(path);
        return await page.evaluate<number>(`new Promise((settle) => {
          requestAnimationFrame(() => setTimeout(() => settle(performance.now())));
        })`);
      };
      // the tests beside this one take the processor now and then
      let loaded = await loads();
      for (let more = 0; more < 3 && loaded >= 2_000; more++) {
        loaded = Math.min(loaded, await loads());
      }
      assert.ok(loaded < 2_000, `${loaded} ms`);
      await using page = await browser.open(path);
      await nothingLeft(page, path);
      assert.deepEqual((await page.faults()).slice(0, 5), []);
      // to look at each of a million rows of pixels would take long
      await page.see({ width: 390 });
      const [width, room] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      );
      assert.ok(width <= room, `${width} px in ${room}`);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function looksRight(
  browser: Browser,
  path: string,
): Promise<BrowserPage> {
  const page = await browser.open(path);
  assert.deepEqual(await page.check(EXPECTED), []);
  await nothingLeft(page, path);
  return page;
}

/** The page asked for nothing but itself, and had nothing to complain about. */
async function nothingLeft(page: BrowserPage, path: string): Promise<void> {
  assert.deepEqual(await page.events(), {
    requests: [`file://${path}`],
    connections: [],
    console: [],
    errors: [],
  });
}
