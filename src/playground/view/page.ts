/**
 * The page as a whole: when something changes, what is asked of which worker, and where the answer goes.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Example } from "../embedded.ts";
import type { Lane } from "../lane.ts";
import type { Shared } from "../share.ts";
import { POLICY_FILE } from "../names.ts";
import { byId } from "./dom.ts";
import { Editor } from "./editor.ts";
import { drawFindings, findingsSummary } from "./findings.ts";
import { compareView } from "./compare.ts";
import { explainView } from "./explain.ts";
import { LongText } from "./long_text.ts";
import { importView } from "./import.ts";
import { type Panel, unanswered, type View } from "./panel.ts";
import { wireShare } from "./share.ts";
import { tabsIn } from "./tabs.ts";
import { testsView } from "./tests.ts";
import { whoView } from "./who.ts";

/** What the page gets from outside. */
interface Surroundings {
  readonly lane: () => Lane;
  readonly examples: readonly Example[];
  /** Seconds since the epoch. */
  readonly clock: () => number;
}

/** After the last key, before anything is asked. */
const QUIET_MS = 150;

/** For an answer that costs as much as the text is long. */
const PATIENT_MS = 30_000;

const VIEWS: Readonly<Record<string, View>> = {
  "panel-explain": explainView,
  "panel-who": whoView,
  "panel-tests": testsView,
  "panel-compare": compareView,
  "panel-import": importView,
};

export class Page {
  readonly #surroundings: Surroundings;
  readonly #editor: Editor;
  readonly #tests: LongText;
  readonly #claims: LongText;
  readonly #status = byId("status", HTMLElement);
  readonly #putBack = byId("put-back", HTMLButtonElement);
  readonly #findingsLane: Lane;
  readonly #tabLane: Lane;
  readonly #views = new Map<string, () => Promise<void>>();
  #shown = "panel-findings";
  #summary = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #before: Shared | null = null;
  #waiting = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#findingsLane = surroundings.lane();
    this.#tabLane = surroundings.lane();
    const changed = () => this.#changed();
    this.#editor = new Editor(changed);
    this.#tests = new LongText(byId("tests-text", HTMLTextAreaElement), {
      what: "the tests",
      bar: byId("tests-lines", HTMLElement),
      changed: (byPerson) => byPerson && changed(),
    });
    this.#claims = new LongText(byId("explain-claims", HTMLTextAreaElement), {
      what: "the claims",
      changed: (byPerson) => byPerson && changed(),
    });
    for (const [id, view] of Object.entries(VIEWS)) {
      this.#views.set(id, view(this.#panel(id)));
    }
    tabsIn(byId("tabs", HTMLElement), (panel) => {
      this.#shown = panel;
      if (panel === "panel-findings") this.tell(this.#summary);
      this.#answerTab();
    });
    this.#wireExamples();
    wireShare(() => ({
      policy: this.text,
      tests: this.#tests.text,
      claims: this.#claims.text,
    }));
  }

  get text(): string {
    return this.#editor.text;
  }

  /** One line for everybody, also for who hears the page. */
  tell(words: string): void {
    if (this.#status.textContent !== words) this.#status.textContent = words;
  }

  /** Shows other texts; those before can be put back. */
  load({ policy, tests, claims }: Shared): void {
    this.#before = this.text === "" && this.#tests.text === ""
      ? null
      : { policy: this.text, tests: this.#tests.text };
    this.#putBack.hidden = this.#before === null;
    this.#editor.text = policy;
    this.#tests.text = tests;
    if (claims !== undefined) this.#claims.text = claims;
    const same = this.#surroundings.examples.find((example) =>
      example.policy === policy && example.tests === tests
    );
    byId("example", HTMLSelectElement).value = same?.name ?? "";
    this.#answer();
  }

  #wireExamples(): void {
    const select = byId("example", HTMLSelectElement);
    const { examples } = this.#surroundings;
    select.append(
      new Option("choose a policy", ""),
      ...examples.map(({ name }) => new Option(name, name)),
    );
    select.addEventListener("change", () => {
      const example = examples.find(({ name }) => name === select.value);
      if (example !== undefined) this.load(example);
    });
    this.#putBack.addEventListener("click", () => {
      if (this.#before !== null) this.load(this.#before);
    });
  }

  #panel(id: string): Panel {
    return {
      sheet: () => ({ policy: this.text, tests: this.#tests.text }),
      claims: () => this.#claims.text,
      clock: this.#surroundings.clock,
      replace: (policy) => this.load({ policy, tests: "" }),
      go: (line, column) => this.#editor.moveTo(line, column),
      changed: () => this.#changed(),
      ask: async (kind, input, limit = PATIENT_MS) => {
        this.#busy(1);
        const outcome = await this.#tabLane.ask(kind, input, { limit });
        this.#busy(-1);
        return outcome.type === "superseded" ? null : outcome;
      },
      tell: (words) => {
        if (this.#shown === id) this.tell(words);
      },
    };
  }

  #busy(more: number): void {
    this.#waiting += more;
    const busy = this.#waiting > 0 || this.#timer !== undefined;
    this.#status.toggleAttribute("data-busy", busy);
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#answer(), QUIET_MS);
    this.#busy(0);
  }

  #answer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#answerFindings();
    this.#answerTab();
  }

  async #answerTab(): Promise<void> {
    await this.#views.get(this.#shown)?.();
  }

  async #answerFindings(): Promise<void> {
    const policy = this.text;
    const input = {
      policy,
      tests: this.#tests.text,
      now: this.#surroundings.clock(),
    };
    this.#busy(1);
    const outcome = await this.#findingsLane.ask("findings", input, {
      limit: PATIENT_MS,
    });
    this.#busy(-1);
    if (outcome.type === "superseded") return;
    const target = byId("findings", HTMLElement);
    if (outcome.type !== "answer") {
      this.#summary = unanswered(outcome, "the policy was not looked at");
      target.replaceChildren(this.#summary);
    } else {
      const found = outcome.value;
      // the text may be another by now, and its answer is on its way
      if (policy === this.text) {
        this.#editor.mark(
          found.findings.filter(({ file }) => file === POLICY_FILE),
        );
      }
      drawFindings(
        target,
        found,
        (line, column) => this.#editor.moveTo(line, column),
      );
      this.#summary = findingsSummary(found);
    }
    if (this.#shown === "panel-findings") this.tell(this.#summary);
  }
}
