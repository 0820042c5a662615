/**
 * Long texts in the playground: no field stands still because of one, and all of it counts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../support/cli.ts";
import { largeDocument } from "../support/large_policies.ts";
import { type BrowserPage, startBrowser } from "../support/page_check.ts";
import { playgroundHere } from "../support/playground.ts";
import {
  HOSTILE,
  idle,
  inflated,
  jsonIn,
  opened,
  put,
  putAll,
  sameFindings,
  shared,
  show,
  textOf,
} from "../support/playground_page.ts";

Deno.test("long texts in the playground", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-playground-" });
  const path = `${folder}/playground.html`;
  try {
    await Deno.writeTextFile(path, await playgroundHere());
    await using browser = await startBrowser();
    const start = () => opened(browser, `file://${path}`);
    await t.step("a megabyte of policy does not stop the page", async () => {
      await using page = await start();
      await watchTasks(page);
      await page.evaluate(`document.getElementById("policy-text").focus()`);
      const lines = Array.from(
        { length: 22_000 },
        (_, index) => `# line ${index} of a policy that is far too long`,
      );
      const text = `${HOSTILE}${lines.join("\n")}\n`;
      assert.ok(text.length > 1_000_000);
      await quick(page, async () => {
        await page.press("Control+a");
        await page.type(text);
        await page.type("#");
        await page.press("PageUp", 3);
      });
    });
    await t.step(
      "a line of a megabyte does not stop the page, in any field",
      async () => {
        await using page = await start();
        await watchTasks(page);
        const fields = await page.evaluate<string[]>(
          `[...document.querySelectorAll("textarea")].map(({ id }) => id)`,
        );
        assert.ok(fields.length >= 10);
        for (const id of fields) {
          await reach(page, id);
          await quick(page, async () => {
            await page.press("Control+a");
            await page.type("y".repeat(1_000_000));
            await page.type("#");
          });
          assert.match(await valueOf(page, id), /^#y{20000}$/, id);
          assert.match(
            await page.evaluate(
              `document.getElementById("${id}").closest(".panel, .column").innerText`,
            ),
            /The field holds lines 1 to 1 of 1; line 1 is cut: of its \d{7} characters these are 1 to 20001\b/,
            id,
          );
        }
      },
    );
    await t.step(
      "what a field does not hold is judged all the same",
      async () => {
        await using page = await start();
        const comment = `# ${"y".repeat(1_000_000)}`;
        const policy = `${comment}\n${HOSTILE}`;
        const old = `${comment}\n${HOSTILE.replace("any: ", "all: ")}`;
        await putAll(page, { "policy-text": policy, "old-text": old });
        await show(page, "compare");
        const { stdout } = await cli(
          ["policy", "diff", "old.yaml", "policy.yaml", "--format", "json"],
          { files: { "policy.yaml": policy, "old.yaml": old } },
        );
        const { verdict } = JSON.parse(stdout);
        assert.notEqual(verdict, "equivalent");
        assert.deepEqual(await jsonIn(page, "compared"), JSON.parse(stdout));
        // there and back, and what is written into a piece stands in its place
        const place = () => textOf(page, "policy-lines");
        const turn = (to: string) =>
          page.click(`#policy-lines [aria-label^="${to}"]`);
        assert.match(await place(), /these are 1 to 20000$/);
        await turn("Later");
        assert.match(await place(), /these are 20001 to 40000$/);
        await page.evaluate(`document.getElementById("policy-text").focus()`);
        await page.type("here");
        assert.match(
          await place(),
          /of its 1000006 characters these are 20001 to 40004$/,
        );
        await turn("Earlier");
        assert.match(await place(), /these are 1 to 20000$/);
        const link = await shared(page, { claims: false });
        assert.equal(
          JSON.parse(await inflated(link.split("#")[1] ?? "")).policy,
          `${policy.slice(0, 20_000)}here${policy.slice(20_000)}`,
        );
        // a finding leads to the piece that it is in
        const line = JSON.stringify({
          version: 1,
          issuers: {
            a: { issuer: "https://a.example", audiences: ["x"] },
          },
          rules: {
            a: {
              when: {
                groups: {
                  any: Array.from({ length: 9_000 }, (_, at) => `g${at}`),
                },
              },
              accounts: [{ names: ["x"] }],
            },
          },
          wrong: 1,
        });
        assert.ok(line.length > 60_000);
        await using other = await start();
        await put(other, "policy-text", `${line}\n`);
        await other.click(`#findings [aria-label*='"wrong"']`);
        const rest = await other.evaluate<string>(
          `(({ value, selectionStart }) =>
        value.slice(selectionStart))(document.getElementById("policy-text"))`,
        );
        assert.equal(rest, `"wrong":1}\n`);
      },
    );
    await t.step(
      "to select all is to select what a field does not hold as well",
      async () => {
        await using page = await start();
        const long = `${"# y\n".repeat(5_000)}${"y".repeat(50_000)}`;
        await putAll(page, { "policy-text": long, "tests-text": "" });
        await reach(page, "policy-text");
        await page.click(`#policy-lines [aria-label^="Later"]`);
        await reach(page, "policy-text");
        await page.press("Control+a");
        await page.type(HOSTILE);
        await idle(page);
        await sameFindings(page, { policy: HOSTILE, tests: "" });
        // so it is with what is too much for the field again, and with nothing
        await reach(page, "policy-text");
        for (const times of [1, 2]) {
          await page.press("Control+a");
          await page.type(`${times}${long}`);
          await page.until(
            `document.getElementById("policy-lines").textContent.endsWith("of 5001")`,
          );
        }
        await page.press("Control+a");
        await page.press("Delete");
        await idle(page);
        assert.equal(
          await page.evaluate(`document.getElementById("policy-lines").hidden`),
          true,
        );
        const link = await shared(page, { claims: false });
        assert.equal(
          JSON.parse(await inflated(link.split("#")[1] ?? "")).policy,
          "",
        );
      },
    );
    await t.step(
      "what takes too long says that it is not finished",
      async () => {
        await using page = await start();
        await put(page, "policy-text", JSON.stringify(largeDocument(1, 1_500)));
        await put(page, "old-text", JSON.stringify(largeDocument(2, 1_500)));
        await show(page, "compare");
        assert.match(await textOf(page, "status"), /not finished/);
        assert.match(
          await textOf(page, "compared"),
          /^not finished: it is not known what changes/,
        );
      },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function valueOf(page: BrowserPage, id: string): Promise<string> {
  return await page.evaluate(`document.getElementById("${id}").value`);
}

/** Shows a field, and has the focus in it. */
async function reach(page: BrowserPage, id: string): Promise<void> {
  await page.evaluate(`(() => {
    const field = document.getElementById("${id}");
    const panel = field.closest("[role=tabpanel]");
    if (panel !== null) document.getElementById(panel.id.replace("panel", "tab")).click();
    if (field.closest("#token-field") !== null) document.getElementById("evidence-token").click();
    const program = field.closest("[id^='from-']");
    if (program !== null) {
      const list = document.getElementById("import-from");
      list.value = program.id.replace("from-", "");
      list.dispatchEvent(new Event("change"));
    }
    field.focus();
  })()`);
  await idle(page);
  assert.equal(await page.evaluate("document.activeElement.id"), id);
}

/** From now on `longest` is how long the page stood still at most, in milliseconds. */
async function watchTasks(page: BrowserPage): Promise<void> {
  await page.evaluate(
    `(globalThis.longest = 0, new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  }).observe({ type: "longtask" }))`,
  );
  // it sees what stops the page
  await page.evaluate(`void setTimeout(() => {
    for (const end = performance.now() + 250; performance.now() < end;);
  })`);
  await page.until("longest >= 200");
}

/** The page stands still for less than 200 ms; on a busy machine anything can take long once. */
async function quick(
  page: BrowserPage,
  act: () => Promise<void>,
): Promise<void> {
  const tries: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    await page.evaluate("void (longest = 0)");
    await act();
    await idle(page);
    tries.push(await page.evaluate<number>("longest"));
    if ((tries.at(-1) ?? 0) < 200) return;
  }
  assert.fail(`the page stood still for ${tries.join(", ")} ms`);
}
