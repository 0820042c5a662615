/**
 * The manual pages are in order for those who print them, and tell all that `--help` and the documents
 * tell; what they show as commands, policies and lines for sshd works as it stands there.
 *
 * Debian packages: mandoc man-db openssh-server.
 *
 * @module
 */
import assert from "node:assert/strict";
import { manPages } from "../../../src/build/package/man.ts";
import { installed } from "../../../src/build/package/man/command.ts";
import { exitRows, optionHead, toldOptions } from "../../../src/cli/command.ts";
import { toldCommands } from "../../../src/reference/commands.ts";
import { MARKED } from "../../docs/tables.ts";
import { filesBelow } from "../../support/files.ts";
import {
  codeOf,
  filter,
  sectionOf,
  type ShownPage,
  shownPages,
  withoutMarks,
} from "../../support/man.ts";
import { shell, workplace } from "../../support/readme.ts";

const CHECKOUT = new URL("../../../", import.meta.url).pathname;
const COMMANDS = await toldCommands();
const PAGES = await shownPages();
const [PROGRAM, POLICY, KEY] = PAGES as [ShownPage, ShownPage, ShownPage];

/** Pages of Debian that ours point to. */
const OTHERS = [
  "pam.d 5",
  "pam_exec 8",
  "ssh 1",
  "ssh-add 1",
  "ssh-agent 1",
  "ssh_config 5",
  "sshd 8",
  "sshd_config 5",
];

Deno.test("three pages lie where man looks for them, with the same bytes each time", async () => {
  const made = await manPages();
  assert.deepEqual([...made.keys()], [
    "usr/share/man/man8/oauth-pam.8",
    "usr/share/man/man5/oauth-pam-policy.5",
    "usr/share/man/man1/oauth-pam-key.1",
  ]);
  assert.deepEqual(await manPages(), made);
});

for (const { file, source } of PAGES) {
  Deno.test(`${file} has nothing that mandoc or man complains about`, async () => {
    assert.match(source, /^[\x20-\x7e\n]+$/, "ASCII alone");
    const { stdout, stderr } = await filter("mandoc", ["-T", "lint"], source);
    const complaints = `${stdout}${stderr}`.split("\n").filter((line) =>
      line !== "" &&
      // whether other pages are installed is another matter
      !/referenced manual not found: Xr|outdated mandoc\.db lacks/.test(line) &&
      // NetBSD's own pages do not say what they belong to
      !/operating system explicitly specified: .*\(NetBSD\)/.test(line)
    );
    assert.deepEqual(complaints, []);

    const man = await filter(
      "man",
      ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-"],
      source,
    );
    assert.deepEqual([man.code, man.stderr], [0, ""]);
    assert.ok(man.stdout.length > 1000);
  });

  Deno.test(`${file} is found by what it is about`, async () => {
    const path = await Deno.makeTempFile({ suffix: `-${file}` });
    try {
      await Deno.writeTextFile(path, source);
      const { code, stdout } = await filter("lexgrog", [path], "");
      const name = file.replace(/\.\d$/, "");
      assert.equal(code, 0, stdout);
      assert.match(stdout, new RegExp(`: "${name} - [a-z][^"]{10,}"\\n$`));
    } finally {
      await Deno.remove(path);
    }
  });

  Deno.test(`${file} points to pages that there are`, () => {
    const ours = PAGES.map((each) => each.file.replace(/\.(?=\d$)/, " "));
    const named = [...source.matchAll(/^\.Xr (\S+ \d)/gm)]
      .map(([, page = ""]) => page);
    const running = [...source.matchAll(/\boauth\\-pam(?:\\-\w+)?\(\d\)/g)]
      .map(([page]) =>
        page.replaceAll("\\", "").replace("(", " ").replace(")", "")
      );
    assert.ok(named.length > 0);
    assert.deepEqual(
      [...named, ...running].filter((page) =>
        ![...ours, ...OTHERS].includes(page)
      ),
      [],
    );
    assert.ok(!named.includes(file.replace(/\.(?=\d$)/, " ")), "itself");
  });

  Deno.test(`${file} fits a terminal, but for what is to be copied`, async () => {
    const { stdout } = await filter(
      "mandoc",
      ["-T", "utf8", "-O", "width=80"],
      source,
    );
    const long = withoutMarks(stdout).split("\n").filter((line) =>
      line.length > 80 && !/^ {9,}/.test(line)
    );
    assert.deepEqual(long, []);
  });
}

/** The subsection about a command. */
function told(words: string): string {
  const [, rest] = PROGRAM.text.split(new RegExp(`^ {3}${words}$`, "m"));
  assert.ok(rest !== undefined, `nothing about "${words}"`);
  return rest.split(/^(?: {3})?\S/m)[0] ?? "";
}

/** As a page shows it. */
function shownAs(text: string): string {
  return text.replaceAll("…", "...").replaceAll("`", "");
}

function literally(text: string): string {
  return text.replace(/[[\]|.]/g, "\\$&");
}

function has(text: string, part: string): void {
  const blanks = (each: string) => each.replace(/\s+/g, " ");
  const wanted = blanks(shownAs(installed(part)));
  assert.ok(blanks(text).includes(wanted), `${wanted}\n${text}`);
}

for (const { words, command } of COMMANDS) {
  Deno.test(`oauth-pam(8) tells of ${words} all that its help tells`, () => {
    const text = told(words);
    for (const { name, option, text: says } of toldOptions(command.options)) {
      const head = shownAs(optionHead(name, option));
      // the text of a short one stands beside it
      assert.match(text, new RegExp(`^ {5}${literally(head)}(?:$| {2,})`, "m"));
      has(text, says);
    }
    for (const [code, means] of exitRows(command)) {
      has(text, `${code} ${means}`);
    }
    for (const paragraph of command.about.trim().split(/\n\s*\n/)) {
      has(text, paragraph);
    }
    for (const paragraph of (command.notes ?? "").trim().split(/\n\s*\n/)) {
      has(text, paragraph);
    }
    // and no option that it does not take
    const heads = [
      ...text.matchAll(/^ {5}(?:-\w, )?--([a-z-]+)(?: \S+)?(?:$| {2,})/gm),
    ]
      .map(([, name = ""]) => name);
    assert.deepEqual(heads, toldOptions(command.options).map((o) => o.name));
  });
}

Deno.test("oauth-pam-key(1) tells of key all that its help tells", () => {
  const key = COMMANDS.find(({ words }) => words === "key");
  assert.ok(key !== undefined);
  for (const { name, option, text } of toldOptions(key.command.options)) {
    assert.ok(KEY.text.includes(`\n     ${optionHead(name, option)}\n`), name);
    has(KEY.text, text);
  }
  const exits = sectionOf(KEY, "EXIT STATUS");
  for (const [code, means] of exitRows(key.command)) {
    has(exits, `${code} ${means}`);
  }
});

Deno.test("what a table of the documents says, a manual page says", async () => {
  const pages = PAGES.map(({ text }) => text.replace(/\s+/g, " ")).join("\n");
  let cells = 0;
  for (
    const name of [
      "README.md",
      "policies/README.md",
      "pam.d.example/README.md",
    ]
  ) {
    const document = await Deno.readTextFile(`${CHECKOUT}${name}`);
    for (const [, , , table = ""] of document.matchAll(MARKED)) {
      const [, , ...rows] = table.trim().split("\n");
      for (const row of rows) {
        const found = row.split(/(?<!\\)\|/).slice(1, -1).flatMap((cell) =>
          cell.trim().replaceAll("\\|", "|").split("<br>")
        ).filter((cell) => cell !== "");
        for (const cell of found) {
          const plain = shownAs(cell).replace(/\s+/g, " ")
            // Markdown's own escapes
            .replace(/\\([\\_*[\]<>])/g, "$1");
          cells += 1;
          assert.ok(
            pages.includes(plain) || pages.includes(plain.replace(/,$/, "")),
            `${name}: ${plain}`,
          );
        }
      }
    }
  }
  assert.ok(cells > 500, String(cells));
});

Deno.test("examples of oauth-pam(8) and the policy of oauth-pam-policy(5) work as they stand there", async () => {
  const folder = await workplace();
  try {
    const examples = codeOf(sectionOf(PROGRAM, "EXAMPLES"));
    assert.equal(examples.length, 4);
    for (const block of examples) {
      assert.ok(block.startsWith("$ "), block);
      const { code, output } = await shell(
        block.replace(/^\$ /gm, ""),
        folder,
      );
      assert.equal(code, 0, `${block}\n${output}`);
    }

    const [policy = "", tests = "", table = "", schema = ""] = codeOf(
      sectionOf(POLICY, "EXAMPLES"),
    );
    await Deno.writeTextFile(`${folder}/site.yaml`, `${policy}\n`);
    await Deno.writeTextFile(
      `${folder}/site.test.yaml`,
      `${tests}\n${table}\n`,
    );
    const done = await shell(
      "oauth-pam policy lint --max-warnings 0 site.yaml; oauth-pam policy test site.yaml",
      folder,
    );
    assert.deepEqual(done, {
      code: 0,
      output: "0 errors, 0 warnings in 1 file\n" +
        "site.yaml: 7 tests, 7 passed, 0 failed\n",
    });
    const [command = "", line = ""] = schema.split("\n");
    const written = await shell(command.replace(/^\$ /, ""), folder);
    assert.deepEqual(written, { code: 0, output: "" });
    assert.match(line, /\$schema=\.\/schema\.json$/);
    assert.ok(JSON.parse(await Deno.readTextFile(`${folder}/schema.json`)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every command that a page shows is one, with options that it takes", () => {
  let shown = 0;
  for (const page of PAGES) {
    const code = page.text.split("\n").filter((line) => /^ {11,}/.test(line))
      .join("\n").replace(/\\\n +/g, " ");
    for (const [, line = ""] of code.matchAll(/^ +[#$] oauth-pam (.+)$/gm)) {
      const command = COMMANDS.find(({ words }) =>
        `${line} `.startsWith(`${words} `)
      );
      assert.ok(command !== undefined, line);
      for (const [, name = ""] of line.matchAll(/ --([a-z-]+)/g)) {
        assert.ok(Object.hasOwn(command.command.options, name), line);
      }
      shown += 1;
    }
  }
  assert.ok(shown >= 10, String(shown));
});

Deno.test("no page names a place that a checkout alone has", () => {
  for (const { file, text } of PAGES) {
    assert.doesNotMatch(text, /pam\.d\.example|deno task/, file);
  }
});

Deno.test("every file that a page names of the package's examples is one", async () => {
  const names = new Set(
    PAGES.flatMap(({ text }) => [
      ...text.matchAll(/\/usr\/share\/doc\/oauth-pam\/examples\/([\w./-]*)/g),
    ]).map(([, name = ""]) => name.replace(/\.$/, "")),
  );
  assert.ok(names.has("sshd_config-certificates"));
  const stacks = await filesBelow(`${CHECKOUT}pam.d.example`);
  for (const name of names) {
    assert.ok(
      ["", "policies/"].includes(name) || stacks.includes(name),
      name,
    );
  }
});

const FIRST_LOGIN = "FROM THE PACKAGE TO THE FIRST LOGIN";

/** What sshd makes of a file for a user. */
async function effective(
  config: string,
  user: string,
): Promise<Record<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-man-" });
  try {
    await Deno.mkdir("/run/sshd", { recursive: true });
    await Deno.writeTextFile(`${folder}/config`, config);
    const keygen = ["-q", "-t", "ed25519", "-N", "", "-f", `${folder}/key`];
    assert.equal((await filter("ssh-keygen", keygen, "")).code, 0);
    const { code, stdout, stderr } = await filter("/usr/sbin/sshd", [
      ...["-T", "-f", `${folder}/config`, "-h", `${folder}/key`],
      ...["-C", `user=${user},host=client,addr=192.0.2.7`],
    ], "");
    assert.equal(code, 0, stderr);
    return Object.fromEntries(
      stdout.trim().split("\n").map((line) => {
        const at = line.indexOf(" ");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the lines for sshd of oauth-pam(8) open the ways that it says, and leave the emergency account its key", async () => {
  const blocks = codeOf(sectionOf(PROGRAM, FIRST_LOGIN));
  const device = blocks.find((block) => block.startsWith("UsePAM yes"));
  const changes = blocks.find((block) => block.includes("publickey keyboard"));
  assert.ok(device !== undefined && changes !== undefined);
  const certificates = await Deno.readTextFile(
    `${CHECKOUT}pam.d.example/sshd_config-certificates`,
  );
  // as somebody would who changes two lines
  const both = changes.split("\n").reduce((text, line) => {
    const [key = ""] = line.split(" ");
    const changed = text.replace(new RegExp(`^${key} .*$`, "m"), line);
    assert.notEqual(changed, text, line);
    return changed;
  }, certificates);

  const keys = [
    "usepam",
    "authenticationmethods",
    "kbdinteractiveauthentication",
    "passwordauthentication",
  ];
  const asked = async (config: string, user: string) => {
    const found = await effective(config, user);
    return keys.map((key) => found[key]).join(", ");
  };
  assert.equal(
    await asked(device, "alice"),
    "yes, keyboard-interactive, yes, no",
  );
  assert.equal(await asked(device, "rescue"), "yes, publickey, yes, no");
  assert.equal(await asked(certificates, "alice"), "yes, publickey, no, no");
  assert.equal(
    await asked(both, "alice"),
    "yes, publickey keyboard-interactive, yes, no",
  );
  const rescue = await effective(both, "rescue");
  assert.equal(rescue.authorizedkeysfile, ".ssh/authorized_keys");
  const alice = await effective(both, "alice");
  assert.equal(alice.authorizedkeysfile, "none");
  assert.match(
    String(alice.authorizedkeyscommand),
    /^\/usr\/libexec\/oauth-pam\/oauth-pam-ssh-keys \/etc\/oauth-pam\/policy\.yaml /,
  );
});
