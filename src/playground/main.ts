/**
 * The page's own part of the playground: it draws, and asks a worker for every answer.
 *
 * Controls, for whoever drives the page (ids are kept):
 * - `example` (select), `put-back`, `policy-text` (textarea), `caret-note`, `underlay`, `gutter`;
 * - `policy-lines`, `tests-lines`, `old-lines`, and below every other field for long texts: buttons "Earlier lines
 *   of …" and "Later lines of …", shown where a text is so long that its field holds a part of it (`view/lines.ts`);
 * - tabs `tab-findings`, `tab-explain`, `tab-who`, `tab-tests`, `tab-compare`, `tab-import`, each with its
 *   `panel-…`; results in `findings`, `explained`, `who`, `tested`, `compared`, `imported`;
 * - `status` (role status): one line about the newest answer, `data-busy` while one is awaited;
 * - Explain: `explain-account`, `-service`, `-rhost`, `-issuer`, `-time`, `evidence-claims`, `evidence-token`
 *   (radios), `explain-claims`, `explain-token`; in `explain-maps` a field for each map file of the policy;
 * - Tests: `tests-text`, `tests-mutate`; Compare: `old-text`, `old-take`;
 * - Import: `import-from` (select), `import-line`, `import-conf`, `import-fqdns`, `import-secret-file`,
 *   `import-environment`, `import-providers`, `import-auth-id`, `import-config`, `import-use`;
 * - Share: `share` (details), `share-claims`, `share-make`, `share-copy`, `share-link`.
 *
 * @module
 */
/// <reference lib="dom" />
import { engineSource, type Example, examples } from "./embedded.ts";
import { Lane } from "./lane.ts";
import { sharedIn } from "./share.ts";
import { byId } from "./view/dom.ts";
import { Page } from "./view/page.ts";
import { workerAddress } from "./worker_address.ts";

/** What is in the editor at first, unless a link says otherwise. */
const FIRST = "company";

async function start(): Promise<void> {
  const [source, policies] = await Promise.all([engineSource(), examples()]);
  const address = workerAddress(source);
  const page = new Page({
    lane: () => new Lane(() => new Worker(address)),
    examples: policies,
    clock: () => Math.floor(Date.now() / 1000),
  });
  await follow(page, policies);
  addEventListener("hashchange", () => follow(page, policies));
}

/** Shows what the address carries, or a policy to start with where it carries nothing. */
async function follow(
  page: Page,
  policies: readonly Example[],
): Promise<void> {
  const fragment = location.hash.slice(1);
  // a line of the policy, as links of a report name it
  if (/^L\d+$/.test(fragment)) return;
  const [first] = policies;
  if (fragment === "") {
    const example = policies.find(({ name }) => name === FIRST) ?? first;
    if (example !== undefined && page.text === "") page.load(example);
    return;
  }
  const shared = await sharedIn(fragment);
  if ("refused" in shared) page.tell(shared.refused);
  else page.load(shared);
}

start().catch((error) => {
  byId("status", HTMLElement).textContent =
    `this browser cannot run the page: ${
      error instanceof Error ? error.message : error
    }`;
});
