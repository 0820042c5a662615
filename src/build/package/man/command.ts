/**
 * What a command says of itself, as blocks of a manual page.
 *
 * @module
 */
import {
  blocks,
  type Command,
  exitRows,
  exitText,
  optionHead,
  toldOptions,
  usageParts,
  usages,
} from "../../../cli/command.ts";
import type { Block } from "../mdoc.ts";

/** How it is called, what it does, its options, and how it ends. */
export function commandBlocks(words: string, command: Command): Block[] {
  return [
    usageBlock(words, usages(words, command)),
    ...textBlocks(command.about),
    ...optionBlocks(command),
    ...textBlocks(command.notes ?? ""),
    { text: `${exitText(command).replaceAll("\u00a0", " ")}.` },
  ];
}

/** Each way to call a command. */
export function usageBlock(words: string, usages: readonly string[]): Block {
  return {
    usages: usages.map((usage) =>
      [`oauth-pam ${words}`, usageParts(usage.slice(words.length))] as const
    ),
  };
}

/** The options with all that is told of each; nothing where there are none. */
export function optionBlocks({ options }: Command): Block[] {
  const told = toldOptions(options);
  if (told.length === 0) return [];
  return [{
    list: told.map(({ name, option, text }) => ({
      head: optionHead(name, option),
      usage: true,
      text: sentence(text),
    })),
  }];
}

export function exitBlock(command: Command): Block {
  return {
    compact: true,
    list: exitRows(command).map(([code, means]) => ({
      head: `\`${code}\``,
      text: sentence(means),
    })),
  };
}

/** Where a checkout has what a package puts elsewhere. */
const PLACES = [
  [
    "pam.d.example/oauth-pam-ssh-keys",
    "/usr/libexec/oauth-pam/oauth-pam-ssh-keys",
  ],
  ["pam.d.example/", "/usr/share/doc/oauth-pam/examples/"],
] as const;

/** What a checkout's program says, as the program of a package says it. */
export function installed(text: string): string {
  return PLACES.reduce(
    (changed, [from, to]) => changed.replaceAll(from, to),
    text,
  );
}

/** Paragraphs as `--help` has them: what is indented there is code. */
export function textBlocks(text: string): Block[] {
  if (text.trim() === "") return [];
  return installed(text).trim().split(/\n\s*\n/).flatMap((paragraph) =>
    blocks(paragraph).map(({ verbatim, lines }) =>
      verbatim
        ? { code: lines.map((line) => line.slice(2)).join("\n") }
        : { text: lines.join(" ") }
    )
  );
}

export function sentence(text: string): string {
  return /[.:]$/.test(text) ? text : `${text}.`;
}
