/**
 * `oauth-pam policy explain FILE --account A (--claims FILE|- | --token - | --certificate FILE|-)`
 *
 * @module
 */
import { mapFilesOfIssuer } from "../../../analysis/map_files.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  timeOption,
  UsageError,
} from "../../arguments.ts";
import { SERVICE_NAME } from "../../../policy/request.ts";
import type { Command } from "../../command.ts";
import { listOf, shown } from "../../../lib/text.ts";
import { formatOption } from "../../output/reports.ts";
import { CERTIFICATE_SERVICE } from "../../../analysis/permits.ts";
import { evidenceFromCertificate } from "./certificate.ts";
import {
  type Asked,
  evidenceFromClaims,
  evidenceFromToken,
} from "./evidence.ts";
import { type Answer, answerOf, type Circumstances } from "./answer.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";
import { explainJson } from "./json.ts";
import { explainPretty } from "./pretty.ts";
import { saveTest } from "./save_test_case.ts";
import {
  InputError,
  readMapFiles,
  tellInputError,
  usablePolicy,
} from "../../input.ts";

const FORMATS = ["pretty", "json"] as const;

export const COMMAND: Command = {
  forms: [
    "FILE --account NAME (--claims FILE | --token - | --certificate FILE)",
  ],
  about: `
Tells whether the policy would grant the account, and why: the rule that decides, the rule that
comes nearest and what it lacks, for every other rule the first condition that fails, and what was
almost right.
`,
  options: {
    "account": { value: "NAME", says: "the local account that is asked for" },
    "claims": {
      value: "FILE",
      says:
        'a JSON document of claims, taken as verified: signature, times and audience are not looked at; "-" reads standard input. A whole line of the audit file is as good: its issuer, service, address and time count where no option says otherwise',
    },
    "token": {
      value: "-",
      says: "a token on standard input, verified with its issuer as at a login",
    },
    "certificate": {
      value: "FILE",
      says:
        'an SSH certificate that carries a token, such as id-cert.pub; "-" reads standard input. NOTHING OF IT IS VERIFIED: its claims are taken as --claims are. Says what the session may use as well',
    },
    "service": {
      value: "NAME",
      says: "the PAM service",
      fallback: "sshd",
    },
    "rhost": {
      value: "ADDRESS",
      says: "the remote address, none where nothing is said",
    },
    "issuer": {
      value: "NAME",
      says: 'the local name of the issuer; otherwise the claim "iss" names it',
    },
    "now": {
      value: "TIME",
      says:
        '"2026-01-01T12:00:00Z" or seconds since the epoch, instead of the clock',
    },
    "format": formatOption(FORMATS),
    "exit-code": { says: "exit with 1 when the answer is deny" },
    "save-test": {
      value: "FILE",
      says: "append the case to a file of tests (*.test.yaml)",
    },
  },
  exits: {
    0: "fine, whatever the decision",
    1: "deny, with --exit-code",
    3: "policy, claims or map files cannot be read, or the issuer cannot be asked",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const question = questionOf(options, io);
  try {
    const { explanation, request, permit } = await answer(question, io);
    io.stdout(
      question.format === "json"
        ? explainJson(explanation, permit)
        : explainPretty(explanation, { color: io.color, request, permit }),
    );
    const denied = explanation.decision.decision === "deny";
    return denied && options.flag("exit-code") ? EXIT.negative : EXIT.fine;
  } catch (error) {
    tellInputError(error, io);
    return EXIT.unanswered;
  }
}

interface Question extends Circumstances {
  readonly file: string;
  readonly claims: string | undefined;
  readonly certificate: string | undefined;
  readonly issuer: string | undefined;
  readonly format: "pretty" | "json";
  readonly saveTest: string | undefined;
}

function questionOf(options: Arguments, io: CliIo): Question {
  const [file, ...rest] = options.positionals;
  if (file === undefined || rest.length > 0) {
    throw new UsageError("name one policy file");
  }
  const account = options.text("account");
  if (account === undefined) {
    throw new UsageError("name the account that is asked for with --account");
  }
  const [claims, token] = [options.text("claims"), options.text("token")];
  const certificate = options.text("certificate");
  const given = [claims, token, certificate].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      "give either --claims FILE or --token - or --certificate FILE",
    );
  }
  const service = options.text("service");
  if (service !== undefined && !SERVICE_NAME.test(service)) {
    throw new UsageError(
      `--service is ${shown(service)}, which no PAM service is called`,
    );
  }
  if (
    certificate !== undefined && (service ?? CERTIFICATE_SERVICE) !==
      CERTIFICATE_SERVICE
  ) {
    throw new UsageError(
      `certificates are shown to sshd, and the service is then "${CERTIFICATE_SERVICE}"`,
    );
  }
  if (token !== undefined && token !== "-") {
    throw new UsageError(
      "--token is -: a token on a command line can be seen by everybody on the host",
    );
  }
  if (file === "-" && given[0] === "-") {
    throw new UsageError("standard input cannot be two things at once");
  }
  const saveTest = options.text("save-test");
  if (saveTest !== undefined && !/\.test\.ya?ml$/.test(saveTest)) {
    throw new UsageError('--save-test needs a file that ends in ".test.yaml"');
  }
  return {
    file,
    account,
    claims,
    certificate,
    service,
    rhost: options.text("rhost") || null,
    issuer: options.text("issuer"),
    now: timeOption("now", options.text("now") ?? "now", io),
    nowIsGiven: options.text("now") !== undefined,
    format: choice(
      "format",
      options.text("format") ?? "pretty",
      FORMATS,
    ),
    saveTest,
  };
}

async function answer(question: Question, io: CliIo): Promise<Answer> {
  const { account, now } = question;
  const policy = await usablePolicy(question.file, io);
  const names = policy.issuers.map(({ name }) => name);
  if (question.issuer !== undefined && !names.includes(question.issuer)) {
    throw new UsageError(
      `--issuer is ${
        shown(question.issuer)
      }, which the policy does not have, expected one of ${listOf(names)}`,
    );
  }
  const asked: Asked = { policy, account, issuer: question.issuer, io };
  const evidence = question.certificate !== undefined
    ? await evidenceFromCertificate(question.certificate, { ...asked, now })
    : question.claims === undefined
    ? await evidenceFromToken({ ...asked, now })
    : await evidenceFromClaims(question.claims, asked);
  if ("decision" in evidence) {
    if (question.saveTest !== undefined) {
      throw new InputError(
        `no test was saved: ${evidence.decision.reason} is decided before any rule`,
      );
    }
    return { explanation: evidence, request: null, permit: null };
  }
  const { issuer } = evidence;
  const mapFiles = await readMapFiles(mapFilesOfIssuer(policy, issuer), io);
  const certificate = question.certificate !== undefined;
  const answered = answerOf(evidence, question, {
    policy,
    mapFiles,
    certificate,
  });
  if (question.saveTest !== undefined) {
    const saved = { ...answered, policy, issuer, mapFiles, certificate };
    await saveTest(question.saveTest, saved, io);
    io.stderr(`oauth-pam: added a test to "${question.saveTest}"\n`);
  }
  return answered;
}
