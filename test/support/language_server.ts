/**
 * yaml-language-server as an editor talks to it: the Language Server Protocol 3.17 over the standard
 * input and output of a process, with messages as its "Base Protocol" frames them.
 *
 * @module
 */

interface Position {
  /** Both from 0; characters are UTF-16 code units. */
  readonly line: number;
  readonly character: number;
}

/** What is wrong in a document, as an editor underlines it. */
export interface EditorDiagnostic {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

/** A proposal; `insert` is a snippet with places to fill in. */
export interface Proposal {
  readonly label: string;
  readonly insert: string;
  readonly documentation: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const PROGRAM = new URL("./yaml_language_server_program.ts", import.meta.url);
const CONFIG = new URL("../../deno.json", import.meta.url);

/** Settings as an editor has them under "yaml"; the catalogue of SchemaStore would need the network. */
const SETTINGS = { schemaStore: { enable: false } };

/** Neither network nor files to write: schemas lie beside the documents. */
const PERMISSIONS = ["--allow-read", "--allow-env", "--allow-sys"];

export class LanguageServer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #published = new Map<
    string,
    PromiseWithResolvers<readonly EditorDiagnostic[]>
  >();
  readonly #settings: Readonly<Record<string, unknown>>;
  #requests = 0;
  #documents = 0;

  /** `schemas`: for the URL of each schema the files that it is for, as SchemaStore's `fileMatch`. */
  static async start(
    schemas: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<LanguageServer> {
    const server = new LanguageServer({ ...SETTINGS, schemas });
    await server.#request("initialize", {
      processId: null,
      rootUri: null,
      capabilities: {
        workspace: { configuration: true },
        textDocument: {
          completion: { completionItem: { snippetSupport: true } },
        },
      },
    });
    await server.#notify("initialized", {});
    await server.#notify("workspace/didChangeConfiguration", {
      settings: { yaml: server.#settings },
    });
    return server;
  }

  private constructor(settings: Readonly<Record<string, unknown>>) {
    this.#settings = settings;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        `--config=${CONFIG.pathname}`,
        ...PERMISSIONS,
        PROGRAM.pathname,
        "--stdio",
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#request("shutdown", null);
    await this.#notify("exit", null);
    await this.#writer.close().catch(() => {}); // it may be gone
    await this.#reading;
    await this.#child.status;
  }

  /** What is wrong in a document of this name; the name need not be that of a file. */
  async diagnostics(
    path: string,
    text: string,
  ): Promise<readonly EditorDiagnostic[]> {
    const { uri, found } = await this.#open(path, text);
    const diagnostics = await found;
    await this.#close(uri);
    return diagnostics;
  }

  /** What is proposed where `|` stands in the text. */
  async completions(path: string, text: string): Promise<Proposal[]> {
    const answer = await this.#at("completion", path, text) as
      | readonly Record<string, unknown>[]
      | { readonly items: readonly Record<string, unknown>[] };
    const items = "items" in answer ? answer.items : answer;
    return items.map(({ label, insertText, documentation }) => ({
      label: String(label),
      insert: String(insertText),
      documentation: textOf(documentation),
    }));
  }

  /** What is shown about the word in which `|` stands; empty where nothing is. */
  async hover(path: string, text: string): Promise<string> {
    const answer = await this.#at("hover", path, text) as
      | { readonly contents: unknown }
      | null;
    return textOf(answer?.contents);
  }

  async #at(what: string, path: string, marked: string): Promise<unknown> {
    const [before = "", after, ...more] = marked.split("|");
    if (after === undefined || more.length > 0) {
      throw new Error(`one place is marked by "|": ${marked}`);
    }
    const lines = before.split("\n");
    const { uri, found } = await this.#open(path, before + after);
    await found;
    const answer = await this.#request(`textDocument/${what}`, {
      textDocument: { uri },
      position: {
        line: lines.length - 1,
        character: lines.at(-1)?.length ?? 0,
      },
    });
    await this.#close(uri);
    return answer;
  }

  async #open(path: string, text: string) {
    const uri = `file://${path}`;
    const published = Promise.withResolvers<readonly EditorDiagnostic[]>();
    this.#published.set(uri, published);
    await this.#notify("textDocument/didOpen", {
      textDocument: {
        uri,
        languageId: "yaml",
        version: ++this.#documents,
        text,
      },
    });
    return { uri, found: published.promise };
  }

  async #close(uri: string): Promise<void> {
    // what is published for a document that is closed says nothing
    this.#published.delete(uri);
    await this.#notify("textDocument/didClose", { textDocument: { uri } });
  }

  async #request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#requests;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(id, answer);
    await this.#send({ id, method, params });
    return await answer.promise;
  }

  #notify(method: string, params: unknown): Promise<void> {
    return this.#send({ method, params });
  }

  async #send(message: Message): Promise<void> {
    const body = new TextEncoder().encode(
      JSON.stringify({ jsonrpc: "2.0", ...message }),
    );
    const head = new TextEncoder().encode(
      `Content-Length: ${body.length}\r\n\r\n`,
    );
    await this.#writer.write(concat(head, body));
  }

  async #read(): Promise<void> {
    let bytes = new Uint8Array();
    for await (const chunk of this.#child.stdout) {
      bytes = concat(bytes, chunk);
      for (
        let next = messageIn(bytes);
        next !== null;
        next = messageIn(bytes)
      ) {
        bytes = bytes.slice(next.end);
        await this.#take(next.message);
      }
    }
    const gone = new Error("the language server is gone");
    for (const { reject } of this.#answers.values()) reject(gone);
    for (const { reject } of this.#published.values()) reject(gone);
  }

  async #take({ id, method, params, result, error }: Message): Promise<void> {
    if (method === undefined && id !== undefined) {
      const answer = this.#answers.get(id);
      this.#answers.delete(id);
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(error.message));
    } else if (method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = params as {
        readonly uri: string;
        readonly diagnostics: readonly EditorDiagnostic[];
      };
      this.#published.get(uri)?.resolve(diagnostics);
    } else if (id !== undefined) {
      // it asks for settings, and to be told of files, which there are none of
      const { items = [] } = (params ?? {}) as {
        readonly items?: readonly { readonly section?: string }[];
      };
      await this.#send({
        id,
        result: method === "workspace/configuration"
          ? items.map(({ section }) =>
            section === "yaml" ? this.#settings : null
          )
          : null,
      });
    }
  }
}

/** The first message, once it is whole, and where it ends. */
function messageIn(
  bytes: Uint8Array,
): { message: Message; end: number } | null {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 1000));
  const end = text.indexOf("\r\n\r\n") + 4;
  const length = /(?:^|\r\n)Content-Length: ([0-9]+)\r\n/i.exec(text)?.[1];
  if (end < 4 || length === undefined) return null;
  const body = bytes.subarray(end, end + Number(length));
  if (body.length < Number(length)) return null;
  return {
    message: JSON.parse(new TextDecoder().decode(body)) as Message,
    end: end + Number(length),
  };
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** A text, or the value of marked-up text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const { value = "" } = (content ?? {}) as { readonly value?: string };
  return value;
}
