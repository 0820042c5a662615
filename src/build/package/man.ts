/**
 * The manual pages of a package, from what the program says of itself.
 *
 * @module
 */
import config from "../../../deno.json" with { type: "json" };
import { toldCommands } from "../../reference/commands.ts";
import { newestRelease } from "./changelog.ts";
import { keyPage } from "./man/key_page.ts";
import { policyPage } from "./man/policy_page.ts";
import { programPage } from "./man/program_page.ts";
import { mdoc } from "./mdoc.ts";

const CHANGELOG = new URL("../../../CHANGELOG.md", import.meta.url);

/**
 * Each page as mdoc(7), by the path at which it is installed, without a slash in front. Their date is
 * that of the newest release, so that the same checkout gives the same bytes.
 */
export async function manPages(): Promise<ReadonlyMap<string, string>> {
  const from = {
    program: `oauth-pam ${config.version}`,
    date: newestRelease(await Deno.readTextFile(CHANGELOG)),
  };
  const commands = await toldCommands();
  const key = commands.find(({ words }) => words === "key");
  if (key === undefined) throw new Error('there is no command "key"');
  const pages = [
    await programPage(commands, from),
    await policyPage(from),
    keyPage(key.command, from),
  ];
  return new Map(
    pages.map((page) => [
      `usr/share/man/man${page.section}/${page.name}.${page.section}`,
      mdoc(page),
    ]),
  );
}
