/**
 * `deno task pictures`: takes the pictures of the two pages that the README shows, and writes beside
 * each what can be read in it.
 *
 * @module
 */
import { playgroundHere } from "../support/playground.ts";
import { cliOnDisk } from "../support/cli.ts";
import { type BrowserPage, startBrowser } from "../support/page_check.ts";

export const FOLDER =
  new URL("../testdata/pictures/", import.meta.url).pathname;

const CHECKOUT = new URL("../../", import.meta.url).pathname;

const SIGHT = { width: 1120, height: 560, scheme: "light" } as const;

/** The pages, by the name of their picture: made in a folder, and brought to what is to be shown. */
const PICTURES: Readonly<
  Record<string, {
    readonly make: (path: string) => Promise<void>;
    readonly prepare: (page: BrowserPage) => Promise<void>;
  }>
> = {
  report: {
    make: async (path) => {
      const policy = `${CHECKOUT}policies/keycloak-roles.yaml`;
      const { code, stderr } = await cliOnDisk(
        ["policy", "report", policy, "--output", path],
      );
      if (code !== 0) throw new Error(stderr);
      // where the checkout lies is nobody's business
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, text.replaceAll(CHECKOUT, ""));
    },
    prepare: () => Promise.resolve(),
  },
  playground: {
    make: async (path) => {
      await Deno.writeTextFile(path, await playgroundHere());
    },
    prepare: async (page) => {
      await page.until(
        `document.getElementById("findings").textContent !== ""`,
      );
      await page.click("#tab-who");
      await page.until(`document.querySelector("#who table") !== null`);
    },
  },
};

export const NAMES = Object.keys(PICTURES);

/** Writes NAME.png and NAME.txt for each of the pages. */
export async function takePictures(folder: string): Promise<void> {
  const pages = await Deno.makeTempDir({ prefix: "oauth-pam-pictures-" });
  try {
    await using browser = await startBrowser();
    for (const [name, { make, prepare }] of Object.entries(PICTURES)) {
      const path = `${pages}/${name}.html`;
      await make(path);
      await using page = await browser.open(path, SIGHT);
      await prepare(page);
      await page.evaluate("scrollTo(0, 0)");
      await page.picture(`${folder}/${name}.png`);
      // how many lines of the policy have room depends on the font
      const text = await page.evaluate<string>(
        `document.body.innerText.replace(document.getElementById("editor")?.innerText ?? "", "")`,
      );
      const lines = text.split("\n").map((line) => line.trim());
      await Deno.writeTextFile(
        `${folder}/${name}.txt`,
        `${lines.filter((line) => line !== "").join("\n")}\n`,
      );
    }
  } finally {
    await Deno.remove(pages, { recursive: true });
  }
}

if (import.meta.main) {
  await Deno.mkdir(FOLDER, { recursive: true });
  await takePictures(FOLDER);
}
