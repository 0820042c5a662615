/**
 * What shells complete, from what the program says of itself.
 *
 * @module
 */
import { toldCommands } from "../../reference/commands.ts";
import { bashCompletion } from "./completion/bash.ts";
import { completionTree } from "./completion/tree.ts";
import { fishCompletion } from "./completion/fish.ts";
import { zshCompletion } from "./completion/zsh.ts";

/** The scripts by the paths at which they are installed, without a slash in front. */
export async function completions(): Promise<ReadonlyMap<string, string>> {
  const tree = completionTree(await toldCommands());
  return new Map([
    [
      "usr/share/bash-completion/completions/oauth-pam",
      bashCompletion(tree),
    ],
    ["usr/share/zsh/vendor-completions/_oauth-pam", zshCompletion(tree)],
    [
      "usr/share/fish/vendor_completions.d/oauth-pam.fish",
      fishCompletion(tree),
    ],
  ]);
}
