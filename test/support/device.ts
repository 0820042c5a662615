/**
 * Device sign-in in process: both stages through the functions that the program runs, with real
 * files and a real issuer, the waiting replaced by a clock that jumps.
 *
 * @module
 */
import { deviceFinish, FINISH_TIMINGS } from "../../src/pam/device/finish.ts";
import { deviceStart, START_TIMEOUTS } from "../../src/pam/device/start.ts";
import { deviceTell } from "../../src/pam/device/tell.ts";
import { EXIT_CODES, pamCode } from "../../src/pam/exit_code.ts";
import { runOutcome } from "../../src/pam/outcome.ts";
import type { Reason } from "../../src/lib/reason.ts";
import { answer, type Behaviour, json, sequence } from "./hostile_server.ts";
import { bytesReader, type SiteOptions } from "./login.ts";
import { createScene, type Scene } from "./login_scene.ts";

/**
 * What the person at the prompt may read at once of a refusal: nothing, or one sentence of the program's
 * own, and never a word of the issuer's.
 */
export const OWN_SENTENCE =
  /^(?:\nSigning in with a browser is not possible at the moment \(reference [0-9A-Z]{4}\)\.\n)?$/;

export interface DeviceOptions {
  readonly policyFile: string;
  readonly user?: string;
  /** Replaces or, with `undefined`, removes variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** A clock that is moved by waiting, and by hand. */
export class Clock {
  #now = Date.now();
  /** Every wait so far, in milliseconds. */
  readonly waits: number[] = [];
  now = (): number => this.#now;
  wait = (milliseconds: number): Promise<void> => {
    this.waits.push(milliseconds);
    this.advance(milliseconds);
    return Promise.resolve();
  };
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

function ioOf(options: DeviceOptions, typed: string) {
  const env: Record<string, string | undefined> = {
    PAM_TYPE: "auth",
    PAM_SERVICE: "sshd",
    PAM_USER: options.user ?? "alice",
    PAM_RHOST: "192.0.2.7",
    OAUTH_PAM_CONVERSATION: "4711-815",
    OAUTH_PAM_ACCOUNT: `1000:${options.user ?? "alice"}`,
    ...options.env,
  };
  const output = { stdout: "", stderr: "" };
  const io = {
    env: (name: string) => env[name],
    now: options.clock?.now ?? (() => Date.now()),
    stdin: bytesReader(typed),
    stdout: (text: string) => void (output.stdout += text),
    stderr: (text: string) => void (output.stderr += text),
    hostname: () => "host.example.edu",
  };
  return { io, output };
}

export interface StartResult {
  readonly exitCode: number;
  /** `null`: started. */
  readonly reason: Reason | null;
  readonly text: string;
  readonly log: string;
  /** What the text says after "Enter". */
  readonly userCode: string;
}

export async function start(
  options: DeviceOptions & { issuerMs?: number },
): Promise<StartResult> {
  const { io, output } = ioOf(options, "");
  const args = [options.policyFile, ...options.args ?? []];
  const timeouts = {
    ...START_TIMEOUTS,
    ...(options.issuerMs === undefined ? {} : { issuerMs: options.issuerMs }),
  };
  const reason = await deviceStart(args, io, timeouts);
  return {
    exitCode: reason === null ? 0 : EXIT_CODES[pamCode(reason)],
    reason,
    text: output.stdout,
    log: output.stderr,
    userCode: /^ {2}2\. Enter {2}(.*)$/m.exec(output.stdout)?.[1] ?? "",
  };
}

/** A text in which the reference is always the same. */
export function withoutReference(text: string): string {
  return text.replace(/\(reference [0-9A-Z]{4}\)/g, "(reference REF)");
}

export interface FinishResult {
  readonly exitCode: number;
  readonly reason: Reason;
  readonly stdout: string;
  readonly log: string;
  /** How long it waited between requests, in seconds. */
  readonly waits: readonly number[];
}

export async function finish(
  options: DeviceOptions & { typed?: string; requestMs?: number },
): Promise<FinishResult> {
  const clock = options.clock ?? new Clock();
  const { io, output } = ioOf({ ...options, clock }, options.typed ?? "");
  const { reason, ...result } = await deviceFinish(
    [options.policyFile, ...options.args ?? []],
    io,
    {
      ...FINISH_TIMINGS,
      ...(options.requestMs === undefined
        ? {}
        : { requestMs: options.requestMs }),
      wait: clock.wait,
    },
  );
  return {
    exitCode: reason === "allowed"
      ? EXIT_CODES.success
      : EXIT_CODES[pamCode(reason, result)],
    reason,
    stdout: output.stdout,
    log: output.stderr,
    waits: clock.waits.map((milliseconds) => milliseconds / 1000),
  };
}

/** `oauth-pam device tell POLICY` in the same conversation. */
export async function tell(
  options: DeviceOptions & { typed?: string },
): Promise<{ text: string; log: string }> {
  const { io, output } = ioOf(options, options.typed ?? "");
  await deviceTell([options.policyFile, ...options.args ?? []], io);
  return { text: output.stdout, log: output.stderr };
}

/** `oauth-pam outcome POLICY NAME…` in the same conversation. */
export async function outcome(
  names: readonly string[],
  options: DeviceOptions,
): Promise<boolean> {
  const { io } = ioOf(options, "");
  return await runOutcome([options.policyFile, ...names], io);
}

export const CLIENT = "ssh-device";
export const DEVICE_CODE = "a-device-code-that-nobody-else-knows";
export const USER_CODE = "WDJB-MJHT";

export interface DeviceSceneOptions extends Partial<SiteOptions> {
  /** Further members of the policy's `device`, such as `timeout: 60s`. */
  readonly device?: string;
}

export interface DeviceScene extends Scene {
  /** Answers the request for a code; `undefined` takes a member away. */
  answerStart(members?: Record<string, unknown>): void;
  /** Answers the requests for tokens one after the other; the last answer stays. */
  answerPolls(...answers: [PollBehaviour, ...PollBehaviour[]]): void;
  /** A token response with an ID token for our client; as in `Scene.token()`. */
  tokens(
    options?: {
      claims?: Record<string, unknown>;
      header?: object;
      /** Further members of the response. */
      members?: Record<string, unknown>;
    },
  ): Promise<Behaviour>;
  /** The form that the last request to a path carried. */
  form(path: string): Record<string, string>;
}

/** An error code of RFC 6749 or RFC 8628, or a whole answer. */
export type PollBehaviour = string | Behaviour;

/** An issuer that does as it is told, with device sign-in. Rules and claims fit alice. */
export async function createDeviceScene(
  { device = "", ...options }: DeviceSceneOptions = {},
): Promise<DeviceScene> {
  const scene = await createScene({
    ...options,
    issuerLines: [
      `device: {client_id: ${CLIENT}${device === "" ? "" : `, ${device}`}}`,
      ...options.issuerLines ?? [],
    ],
  });
  const { server } = scene;
  const self: DeviceScene = Object.assign(scene, {
    answerStart(members: Record<string, unknown> = {}) {
      server.on(
        "/device_authorization",
        json({
          device_code: DEVICE_CODE,
          user_code: USER_CODE,
          verification_uri: `${server.issuer}/device`,
          expires_in: 600,
          interval: 5,
          ...members,
        }),
      );
    },
    answerPolls(...answers: [PollBehaviour, ...PollBehaviour[]]) {
      const [first, ...rest] = answers.map((behaviour) =>
        typeof behaviour === "string"
          ? answer({ status: 400, body: { error: behaviour } })
          : behaviour
      );
      if (first !== undefined) server.on("/token", sequence(first, ...rest));
    },
    async tokens(
      { claims = {}, header = {}, members = {} }: {
        claims?: Record<string, unknown>;
        header?: object;
        members?: Record<string, unknown>;
      } = {},
    ) {
      const id_token = await scene.token({
        claims: { audience: CLIENT, ...claims },
        header,
      });
      return json({
        access_token: "an-opaque-token",
        token_type: "Bearer",
        id_token,
        ...members,
      });
    },
    form(path: string) {
      const body = server.requests.findLast((request) => request.path === path)
        ?.body;
      return Object.fromEntries(new URLSearchParams(body));
    },
  });
  self.answerStart();
  return self;
}
